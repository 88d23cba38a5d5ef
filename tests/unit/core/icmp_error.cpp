// SPDX-License-Identifier: Apache-2.0
// Which packets are answered; what the answers are made of is seen in tests/cases/icmp_errors.case.
#include "bpf/core/icmp_error.h"

#include <gtest/gtest.h>

#include "control/base/net.h"

namespace tg {
namespace {

struct Row {
    const char *src;
    unsigned protocol;
    unsigned type; // of ICMP
    std::uint32_t flags;
    bool due;
};

tg_packet packet_of(const Row &row)
{
    tg_packet packet = {};
    const bool ipv6 = std::string_view(row.src).contains(':');
    packet.tuple.src = parse_address(row.src, ipv6 ? Family::ipv6 : Family::ipv4).value().raw;
    packet.tuple.family = ipv6 ? TG_FAMILY_IPV6 : TG_FAMILY_IPV4;
    packet.tuple.protocol = static_cast<__u8>(row.protocol);
    packet.icmp_type = static_cast<__u8>(row.type);
    packet.flags = row.flags;
    if (tg_icmp_is_error(packet.tuple.protocol, packet.icmp_type)) {
        packet.flags |= TG_PACKET_ICMP_ERROR;
    }
    return packet;
}

constexpr Row rows[] = {
    {"192.0.2.1", 17, 0, 0, true},
    {"2001:db8::1", 17, 0, 0, true},
    {"192.0.2.1", 6, 3, TG_PACKET_L4_BAD, true},
    {"192.0.2.1", 17, 0, TG_PACKET_FIRST_PIECE, true},
    {"192.0.2.1", 17, 0, TG_PACKET_LATER_PIECE, false},
    {"2001:db8::1", 17, 0, TG_PACKET_LATER_PIECE, false},
    {"192.0.2.1", 17, 0, TG_PACKET_GROUP, false},
    // sources that are nobody's or many's
    {"0.0.0.0", 17, 0, 0, false},
    {"0.255.255.255", 17, 0, 0, false},
    {"1.0.0.0", 17, 0, 0, true},
    {"127.0.0.1", 17, 0, 0, false},
    {"223.255.255.255", 17, 0, 0, true},
    {"224.0.0.0", 17, 0, 0, false},
    {"239.255.255.255", 17, 0, 0, false},
    {"240.0.0.0", 17, 0, 0, false},
    {"255.255.255.254", 17, 0, 0, false},
    {"255.255.255.255", 17, 0, 0, false},
    {"::", 17, 0, 0, false},
    {"::1", 17, 0, 0, false},
    {"ff02::1", 17, 0, 0, false},
    // errors, and what may be one
    {"192.0.2.1", 1, 0, 0, true},
    {"192.0.2.1", 1, 3, 0, false},
    {"192.0.2.1", 1, 4, 0, false},
    {"192.0.2.1", 1, 5, 0, false},
    {"192.0.2.1", 1, 8, 0, true},
    {"192.0.2.1", 1, 11, 0, false},
    {"192.0.2.1", 1, 12, 0, false},
    {"192.0.2.1", 1, 18, 0, true},
    {"192.0.2.1", 1, 19, 0, false},
    {"192.0.2.1", 1, 8, TG_PACKET_L4_BAD, false},
    {"2001:db8::1", 58, 1, 0, false},
    {"2001:db8::1", 58, 4, 0, false},
    {"2001:db8::1", 58, 127, 0, false},
    {"2001:db8::1", 58, 128, 0, true},
    {"2001:db8::1", 58, 137, 0, false},
    {"2001:db8::1", 58, 138, 0, true},
    {"2001:db8::1", 58, 128, TG_PACKET_L4_BAD, false},
};

TEST(IcmpError, IsDueAboutSome)
{
    for (const Row &row : rows) {
        const tg_packet packet = packet_of(row);
        EXPECT_EQ(tg_icmp_error_due(&packet), row.due)
            << row.src << " protocol " << row.protocol << " type " << row.type << " flags "
            << row.flags;
    }
}

TEST(IcmpError, QuotesAsMuchAsMayBe)
{
    tg_packet packet = {};
    packet.tuple.family = TG_FAMILY_IPV4;
    for (const auto &[length, quoted] :
         {std::pair{20u, 20u}, {548u, 548u}, {549u, 548u}, {65535u, 548u}}) {
        packet.l3_length = length;
        EXPECT_EQ(tg_icmp_error_quotes(&packet), quoted);
    }
    packet.tuple.family = TG_FAMILY_IPV6;
    for (const auto &[length, quoted] :
         {std::pair{40u, 40u}, {1232u, 1232u}, {1233u, 1232u}, {200000u, 1232u}}) {
        packet.l3_length = length;
        EXPECT_EQ(tg_icmp_error_quotes(&packet), quoted);
    }
}

TEST(IcmpError, NamesNoSmallerMtuThanIpv6Promises)
{
    EXPECT_EQ(tg_icmp_error_mtu(TG_FAMILY_IPV6, 1279), 1280u);
    EXPECT_EQ(tg_icmp_error_mtu(TG_FAMILY_IPV6, 1281), 1281u);
    EXPECT_EQ(tg_icmp_error_mtu(TG_FAMILY_IPV4, 68), 68u);
}

// Whoever finishes a checksum puts there the complement of the sum of everything, its own place
// included; the sum of everything is then what was foretold.
TEST(IcmpError, ForetellsTheSumBehindAFinishedChecksum)
{
    for (unsigned seed = 1; seed < 2000; seed++) {
        __u16 words[10];
        unsigned value = seed;
        for (__u16 &word : words) {
            value = value * 1103515245 + 12345;
            word = static_cast<__u16>(value >> 16);
        }
        const __u16 unfinished = words[3];
        words[3] = tg_sum_finish(tg_sum_add(0, words, sizeof words));
        words[3] = words[3] == 0 ? 0xffff : words[3]; // as the kernel does
        const __u16 sum = tg_sum_fold(tg_sum_add(0, words, sizeof words));
        const __u16 foretold = tg_l4_sum_finished(unfinished);
        EXPECT_EQ(sum % 0xffff, foretold % 0xffff) << seed;
    }
}

// What waits to be finished is the sum over the addresses on the wire, whatever chains see by then.
TEST(UnfinishedChecksum, IsThatOfThePacketAsItCame)
{
    tg_packet packet = {};
    packet.l3_offset = 14;
    packet.l4_offset = 34;
    packet.l3_length = 60;
    packet.tuple.src = tg_addr_v4(tg_net32(0xcb007102));
    packet.tuple.dst = tg_addr_v4(tg_net32(0xcb007101));
    packet.tuple.protocol = TG_PROTOCOL_TCP;
    const __u16 sum =
        tg_sum_fold(tg_sum_pseudo(&packet.tuple.src, &packet.tuple.dst, packet.tuple.protocol, 40));
    EXPECT_TRUE(tg_l4_unfinished(&packet, sum));
    EXPECT_FALSE(tg_l4_unfinished(&packet, static_cast<__u16>(sum + 1)));
    packet.wire = packet.tuple;
    packet.tuple.dst = tg_addr_v4(tg_net32(0x0a140002));
    packet.flags |= TG_PACKET_HALFWAY;
    EXPECT_TRUE(tg_l4_unfinished(&packet, sum));
}

} // namespace
} // namespace tg
