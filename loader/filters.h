// SPDX-License-Identifier: Apache-2.0
// Looks for tc filters below an interface's clsact qdisc, whoever made them.
#pragma once

#include <cstdint>

namespace tg::loader {

// True too if nobody can tell: a qdisc that may be in use is not to be removed.
bool has_filters(std::uint32_t ifindex);

} // namespace tg::loader
