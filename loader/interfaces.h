// SPDX-License-Identifier: Apache-2.0
// Network interfaces of the present namespace: by name, and what the datapath must know of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/base/error.h"
#include "loader/features.h"

namespace tg::loader {

struct Interface {
    std::uint32_t ifindex = 0;
    std::string name;
    std::string driver;            // empty: it does not say
    bool wire = false;             // its frames come from outside this host
    std::vector<Feature> strips;   // VLAN tags, by these features, and XDP is not told
    std::uint16_t link_header = 0; // bytes before the IP header
};

// Error: no such interface (with those there are), or one that cannot be filtered.
Result<Interface> find_interface(const std::string &name);

// The present name; empty if there is no such interface.
std::string interface_name(std::uint32_t ifindex);

// Bytes before the IP header, by ARPHRD_* type; nullopt: the datapath cannot read such frames.
std::optional<std::uint16_t> link_header_length(unsigned type);

} // namespace tg::loader
