// SPDX-License-Identifier: Apache-2.0
// Kinds of network interfaces by the kernel's words for them (IFLA_INFO_KIND).
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace tg {

// Whether such an interface receives and sends the packets of its ports. A VRF does not.
inline bool carries_ports(std::string_view kind)
{
    constexpr std::array<std::string_view, 3> kinds = {"bridge", "bond", "team"};
    return std::ranges::find(kinds, kind) != kinds.end();
}

} // namespace tg
