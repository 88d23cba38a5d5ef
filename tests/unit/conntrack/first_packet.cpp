// SPDX-License-Identifier: Apache-2.0
// Packets made up from a tuple: the datapath's own parser reads the tuple out of them again, and
// every checksum is right.
#include "control/conntrack/first_packet.h"

#include <cstring>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "tests/harness/packet.h"
#include "tests/harness/pseudo_header.h"

namespace tg {
namespace {

using test::Bytes;

tg_tuple tuple_of(std::uint8_t family, std::uint8_t protocol, std::uint16_t source,
                  std::uint16_t destination)
{
    tg_tuple tuple = {};
    tuple.family = family;
    tuple.protocol = protocol;
    tuple.src_port = htons(source);
    tuple.dst_port = htons(destination);
    tuple.src.bytes[15] = 1;
    tuple.dst.bytes[15] = 2;
    if (family == TG_FAMILY_IPV4) {
        tuple.src.bytes[10] = tuple.src.bytes[11] = 0xff;
        tuple.dst.bytes[10] = tuple.dst.bytes[11] = 0xff;
        tuple.src.bytes[12] = tuple.dst.bytes[12] = 10;
    }
    return tuple;
}

Bytes frame_of(const tg_tuple &tuple)
{
    const std::vector<std::byte> frame = first_packet(tuple, {2, 0, 0, 0, 0, 1});
    Bytes bytes(frame.size());
    std::memcpy(bytes.data(), frame.data(), frame.size());
    return bytes;
}

std::uint16_t at(const Bytes &bytes, std::size_t place)
{
    return static_cast<std::uint16_t>(bytes.at(place) << 8 | bytes.at(place + 1));
}

// The rest of a frame from the IP header on, its part from the L4 header on.
Bytes from(const Bytes &frame, std::size_t place)
{
    return {frame.begin() + static_cast<std::ptrdiff_t>(place), frame.end()};
}

TEST(FirstPacket, HasTheAddressesAndLengthsOfItsFamily)
{
    const Bytes four = frame_of(tuple_of(TG_FAMILY_IPV4, IPPROTO_UDP, 1000, 53));
    ASSERT_EQ(four.size(), 14u + 20 + 8);
    EXPECT_EQ(from(four, 0).front(), 2) << "the destination's link address";
    EXPECT_EQ(at(four, 12), 0x0800);
    EXPECT_EQ(at(four, 16), 28) << "total length";
    EXPECT_EQ(test::internet_checksum({four.begin() + 14, four.begin() + 34}), 0);
    EXPECT_EQ(Bytes(four.begin() + 26, four.begin() + 34), (Bytes{10, 0, 0, 1, 10, 0, 0, 2}));
    const Bytes six = frame_of(tuple_of(TG_FAMILY_IPV6, IPPROTO_UDP, 1000, 53));
    ASSERT_EQ(six.size(), 14u + 40 + 8);
    EXPECT_EQ(at(six, 12), 0x86dd);
    EXPECT_EQ(at(six, 18), 8) << "payload length";
    EXPECT_EQ(six[14 + 23], 1) << "the source's end";
    EXPECT_EQ(six[14 + 39], 2) << "the destination's end";
}

// Where ports, or what stands for them, begin, and which; where the checksum is.
struct Expected {
    std::uint8_t protocol;
    std::size_t length, source, destination, checksum;
};

TEST(FirstPacket, OfEachProtocol)
{
    constexpr std::size_t none = 999;
    for (const Expected &expected :
         {Expected{IPPROTO_TCP, 20, 0, 2, 16}, Expected{IPPROTO_UDP, 8, 0, 2, 6},
          Expected{IPPROTO_UDPLITE, 8, 0, 2, 6}, Expected{IPPROTO_DCCP, 20, 0, 2, 6},
          Expected{IPPROTO_SCTP, 32, 0, 2, none}, Expected{IPPROTO_GRE, 8, none, 6, none},
          Expected{IPPROTO_ICMP, 20, 4, 0, 2}, Expected{253, 0, none, none, none}}) {
        const Bytes frame = frame_of(tuple_of(TG_FAMILY_IPV4, expected.protocol, 0x1234, 0x0800));
        const Bytes l4 = from(frame, 34);
        SCOPED_TRACE(static_cast<int>(expected.protocol));
        ASSERT_EQ(l4.size(), expected.length);
        if (expected.source != none) {
            EXPECT_EQ(at(l4, expected.source), 0x1234);
        }
        if (expected.destination != none) {
            EXPECT_EQ(at(l4, expected.destination), 0x0800);
        }
        if (expected.checksum != none) {
            Bytes sum = expected.protocol == IPPROTO_ICMP ? Bytes{} : test::pseudo_header(frame);
            sum.insert(sum.end(), l4.begin(), l4.end());
            EXPECT_EQ(test::internet_checksum(sum), 0);
        }
    }
    EXPECT_EQ(from(frame_of(tuple_of(TG_FAMILY_IPV4, IPPROTO_GRE, 0, 0)), 34),
              (Bytes{0, 0, 0x08, 0x00}))
        << "without a call it is the plain version";
}

TEST(FirstPacket, OfIcmpv6IsSummedWithItsAddresses)
{
    const Bytes frame = frame_of(tuple_of(TG_FAMILY_IPV6, IPPROTO_ICMPV6, 7, 128 << 8));
    Bytes sum = test::pseudo_header(frame);
    const Bytes l4 = from(frame, 54);
    sum.insert(sum.end(), l4.begin(), l4.end());
    EXPECT_EQ(test::internet_checksum(sum), 0);
    EXPECT_EQ(l4[0], 128);
}

} // namespace
} // namespace tg
