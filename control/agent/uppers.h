// SPDX-License-Identifier: Apache-2.0
// Which interface lies on which: ports of bridges and bonds, and VLANs. Reads links, knows no map.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tidegate/control.h"

struct rtnl_link;

namespace tg {

// What of a link says so.
struct LinkFacts {
    std::uint32_t ifindex = 0;
    std::string kind; // "bridge", "vlan", …; empty: a device as such
    bool up = false;
    std::uint32_t master = 0; // 0: none
    std::uint32_t lower = 0;  // 0: none, or one in another namespace
    std::uint16_t vlan = 0;   // as tg_device has it

    friend bool operator==(const LinkFacts &, const LinkFacts &) = default;
};

LinkFacts link_facts(rtnl_link &link);

// Writes master, lower and vlan of each device; returns the VLAN interfaces that take frames, by
// tg_vlan_key(). Only masters that carry their ports' packets count: a VRF does not.
std::map<std::uint64_t, std::uint32_t> note_uppers(const std::vector<LinkFacts> &links,
                                                   std::map<std::uint32_t, tg_device> &devices);

} // namespace tg
