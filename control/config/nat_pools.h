// SPDX-License-Identifier: Apache-2.0
// Which ports the rules of nat have to give out on an external address.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "control/base/net.h"
#include "control/config/config.h"

namespace tg {

// What one rule may make of sources.
struct NatPool {
    Family family = Family::ipv4;
    std::optional<AddressRange> addresses; // none: whatever address the way out has
    std::optional<std::uint8_t> protocol;  // none: any
    std::optional<PortRange> ports;        // none: see usual_ports
};

// Of all enabled rules that translate sources.
std::vector<NatPool> nat_pools(const Config &config);

// The ranges of ports that pools have for the address, each once: a search for a port has one of
// them, and ends where that ends. Without such a pool those that a rule has that says nothing.
std::vector<PortRange> port_ranges(const std::vector<NatPool> &pools, const Address &address,
                                   std::uint8_t protocol);

} // namespace tg
