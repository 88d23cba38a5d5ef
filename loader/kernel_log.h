// SPDX-License-Identifier: Apache-2.0
// Keeps what libbpf and the verifier say, so that it is shown only when something failed.
#pragma once

#include <string>

namespace tg::loader {

// From now on libbpf prints nothing itself.
void keep_kernel_log();

// What was said since the last call, its end if it is long.
std::string take_kernel_log();

} // namespace tg::loader
