// SPDX-License-Identifier: Apache-2.0
// How many ports the rules of nat have to give out on an external address.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "control/base/net.h"
#include "control/config/config.h"

namespace tg {

// What one rule may make of sources.
struct NatPool {
    std::optional<AddressRange> addresses; // none: whatever address the way out has
    std::optional<std::uint8_t> protocol;  // none: any
    PortRange ports;
};

// Of all enabled rules that translate sources.
std::vector<NatPool> nat_pools(const Config &config);

// The ports that some pool has for the address, and all of them if none says which.
std::uint32_t count_ports(const std::vector<NatPool> &pools, const Address &address,
                          std::uint8_t protocol);

} // namespace tg
