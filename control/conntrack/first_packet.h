// SPDX-License-Identifier: Apache-2.0
// The packet that may have opened a connection, made up from its tuple: the shortest the protocol
// allows, with checksums that are right.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "tidegate/tuple.h"

namespace tg {

using MacAddress = std::array<unsigned char, 6>;

// An Ethernet frame to `destination` with the first packet of the tuple: a SYN, an empty datagram,
// an echo request; of protocols that are not known, an IP header and nothing.
std::vector<std::byte> first_packet(const tg_tuple &tuple, const MacAddress &destination);

} // namespace tg
