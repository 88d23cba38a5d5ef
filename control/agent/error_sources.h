// SPDX-License-Identifier: Apache-2.0
// Where ICMP errors about forwarded packets say they come from.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "control/base/net.h"
#include "tidegate/addr.h"

namespace tg {

// An address of the host from which others may be written to: of global scope, primary, valid.
struct SourceAddress {
    std::uint32_t ifindex = 0;
    Address address;
};

using ErrorSources = std::array<tg_addr, TG_FAMILY_COUNT>;

// For packets that came in by the interface: its own first address, else the first of any other;
// IPv4 without any is 192.0.0.8 (RFC 7600), IPv6 stays zero. `all` is in the kernel's order.
ErrorSources error_sources(const std::vector<SourceAddress> &all, std::uint32_t ifindex);

} // namespace tg
