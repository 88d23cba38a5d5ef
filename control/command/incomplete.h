// SPDX-License-Identifier: Apache-2.0
// Whether what was typed so far goes on on the next line. Says nothing about what is wrong.
#pragma once

#include <string_view>

namespace tg {

// A continuation at its end, or a string or a bracket that is still open.
bool is_incomplete(std::string_view text);

} // namespace tg
