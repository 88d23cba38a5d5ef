// SPDX-License-Identifier: Apache-2.0
#include "control/conntrack/first_packet.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <span>

namespace tg {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t hops = 64;
constexpr std::size_t no_checksum = SIZE_MAX;

// What a protocol's first packet is like behind the IP header, ports and checksum aside.
struct Shape {
    std::uint8_t protocol;
    std::size_t length;
    std::size_t checksum; // where it stands
    std::array<std::uint8_t, 16> begin;
};

constexpr std::array shapes{
    Shape{IPPROTO_TCP, 20, 16, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5 << 4, 2, 0xff}}, // SYN
    Shape{IPPROTO_UDP, 8, 6, {0, 0, 0, 0, 0, 8}},                                      // length
    Shape{IPPROTO_UDPLITE, 8, 6, {0, 0, 0, 0, 0, 8}},                                  // coverage
    Shape{IPPROTO_SCTP, 32, no_checksum, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 20}}, // INIT
    Shape{IPPROTO_DCCP, 20, 6, {0, 0, 0, 0, 5, 0, 0, 0, 1}}, // REQUEST
    Shape{IPPROTO_ICMP, 20, 2, {}},                          // the longest query, RFC 792
    Shape{IPPROTO_ICMPV6, 20, 2, {}},
};
constexpr Shape gre{IPPROTO_GRE, 4, no_checksum, {0, 0, 0x08, 0x00}};
constexpr Shape pptp{IPPROTO_GRE, 8, no_checksum, {0x20, 0x01, 0x88, 0x0b}}; // RFC 2637

Shape shape_of(const tg_tuple &tuple)
{
    if (tuple.protocol == IPPROTO_GRE) {
        return tuple.dst_port != 0 ? pptp : gre;
    }
    const auto *const known = std::ranges::find(shapes, tuple.protocol, &Shape::protocol);
    return known == shapes.end() ? Shape{tuple.protocol, 0, no_checksum, {}} : *known;
}

void put16(Bytes &bytes, std::size_t at, std::size_t value)
{
    bytes[at] = static_cast<std::uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(value);
}

// The Internet checksum of both together, the first of an even length (RFC 1071).
std::uint16_t checksum(std::span<const std::uint8_t> first, std::span<const std::uint8_t> second)
{
    std::uint32_t sum = 0;
    for (const auto part : {first, second}) {
        for (std::size_t i = 0; i < part.size(); i++) {
            sum += i % 2 == 0 ? std::uint32_t{part[i]} << 8 : part[i];
        }
    }
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~(sum + (sum >> 16)));
}

// Where a protocol has what the tuple calls its ports; nowhere: it has none.
struct Places {
    std::size_t source;
    std::size_t destination;
};

constexpr std::size_t nowhere = SIZE_MAX;

Places places_of(const Shape &shape)
{
    switch (shape.protocol) {
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
        return {4, 0}; // identifier; type and code
    case IPPROTO_GRE:
        return {nowhere, shape.length == pptp.length ? std::size_t{6} : nowhere};
    default:
        return shape.length == 0 ? Places{nowhere, nowhere} : Places{0, 2};
    }
}

void put_port(Bytes &bytes, std::size_t at, __be16 port)
{
    if (at != nowhere) {
        std::memcpy(bytes.data() + at, &port, sizeof port);
    }
}

// An address as it stands in a header of the tuple's family.
std::span<const std::uint8_t> address_bytes(const tg_tuple &tuple, const tg_addr &address)
{
    const std::span all(address.bytes);
    return tuple.family == TG_FAMILY_IPV4 ? all.last(4) : all;
}

Bytes addresses_of(const tg_tuple &tuple)
{
    const auto source = address_bytes(tuple, tuple.src);
    const auto destination = address_bytes(tuple, tuple.dst);
    Bytes both(source.begin(), source.end());
    both.insert(both.end(), destination.begin(), destination.end());
    return both;
}

Bytes l4_of(const tg_tuple &tuple)
{
    const Shape shape = shape_of(tuple);
    Bytes l4(shape.length);
    std::copy_n(shape.begin.begin(), std::min(l4.size(), shape.begin.size()), l4.begin());
    const Places places = places_of(shape);
    put_port(l4, places.source, tuple.src_port);
    put_port(l4, places.destination, tuple.dst_port);
    if (shape.checksum != no_checksum) {
        Bytes pseudo;
        if (tuple.protocol != IPPROTO_ICMP) {
            pseudo = addresses_of(tuple);
            pseudo.insert(pseudo.end(),
                          {0, static_cast<std::uint8_t>(l4.size()), 0, tuple.protocol});
        }
        const std::uint16_t sum = checksum(pseudo, l4);
        put16(l4, shape.checksum, sum == 0 ? 0xffff : sum);
    }
    return l4;
}

Bytes ip_header(const tg_tuple &tuple, std::size_t payload)
{
    const Bytes addresses = addresses_of(tuple);
    Bytes header;
    if (tuple.family == TG_FAMILY_IPV4) {
        header = {4 << 4 | 5, 0, 0, 0, 0, 0, 0, 0, hops, tuple.protocol, 0, 0};
        put16(header, 2, header.size() + addresses.size() + payload);
        put16(header, 10, checksum(header, addresses));
    } else {
        header = {6 << 4, 0, 0, 0, 0, 0, tuple.protocol, hops};
        put16(header, 4, payload);
    }
    header.insert(header.end(), addresses.begin(), addresses.end());
    return header;
}

} // namespace

std::vector<std::byte> first_packet(const tg_tuple &tuple, const MacAddress &destination)
{
    const Bytes l4 = l4_of(tuple);
    const Bytes header = ip_header(tuple, l4.size());
    Bytes frame(destination.begin(), destination.end());
    frame.resize(12); // from nobody
    const bool ipv4 = tuple.family == TG_FAMILY_IPV4;
    frame.insert(frame.end(), {static_cast<std::uint8_t>(ipv4 ? 0x08 : 0x86),
                               static_cast<std::uint8_t>(ipv4 ? 0x00 : 0xdd)});
    frame.insert(frame.end(), header.begin(), header.end());
    frame.insert(frame.end(), l4.begin(), l4.end());
    const auto bytes = std::as_bytes(std::span(frame));
    return {bytes.begin(), bytes.end()};
}

} // namespace tg
