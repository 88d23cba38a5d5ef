// SPDX-License-Identifier: Apache-2.0
// What a sender leaves in a packet whose checksum a device is to finish. Knows Ethernet frames of
// IPv4, and of IPv6 without extension headers.
#pragma once

#include "tests/harness/packet.h"

namespace tg::test {

// Where the header behind the IP header begins.
inline std::size_t upper_offset(const Bytes &frame)
{
    constexpr std::size_t ethernet = 14, ipv6 = 40;
    const std::size_t version = frame[ethernet] >> 4;
    return ethernet + (version == 4 ? std::size_t{4} * (frame[ethernet] & 0xf) : ipv6);
}

// The number of the protocol that begins there.
inline std::uint8_t upper_protocol(const Bytes &frame)
{
    return frame[14] >> 4 == 4 ? frame[23] : frame[20];
}

// Of TCP, UDP and ICMPv6.
inline Bytes pseudo_header(const Bytes &frame)
{
    const std::size_t length = frame.size() - upper_offset(frame);
    const bool ipv4 = frame[14] >> 4 == 4;
    const auto addresses = frame.begin() + (ipv4 ? 26 : 22);
    Bytes pseudo(addresses, addresses + (ipv4 ? 8 : 32));
    pseudo.insert(pseudo.end(), {static_cast<std::uint8_t>(length >> 8),
                                 static_cast<std::uint8_t>(length), 0, upper_protocol(frame)});
    return pseudo;
}

// Its sum, as it stands where the checksum will.
inline std::uint16_t pseudo_header_sum(const Bytes &frame)
{
    return static_cast<std::uint16_t>(~internet_checksum(pseudo_header(frame)));
}

// Whether the checksum of what has a pseudo header is right.
inline bool sum_is_right(const Bytes &frame)
{
    Bytes summed = pseudo_header(frame);
    summed.insert(summed.end(), frame.begin() + static_cast<std::ptrdiff_t>(upper_offset(frame)),
                  frame.end());
    return internet_checksum(summed) == 0;
}

} // namespace tg::test
