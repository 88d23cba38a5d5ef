// SPDX-License-Identifier: Apache-2.0
// Changes of header fields at their bounds, and what makes packets one class.
#include "bpf/core/edit.h"

#include <array>
#include <cstring>
#include <gtest/gtest.h>

#include "bpf/core/match.h"
#include "tests/harness/random.h"

namespace tg::test {
namespace {

TEST(NewTtl, StaysWithinItsField)
{
    EXPECT_EQ(tg_new_ttl(10, TG_TTL_SET | 255), 255);
    EXPECT_EQ(tg_new_ttl(254, TG_TTL_INCREMENT | 1), 255);
    EXPECT_EQ(tg_new_ttl(255, TG_TTL_INCREMENT | 1), 255);
    EXPECT_EQ(tg_new_ttl(2, TG_TTL_DECREMENT | 1), 1);
    EXPECT_EQ(tg_new_ttl(2, TG_TTL_DECREMENT | 3), 0);
}

// The sum over the header with its checksum, in network order; 0xffff if it is right.
std::uint16_t sum_over(const tg_ipv4_front &ip)
{
    return static_cast<std::uint16_t>(tg_sum_fold(tg_sum_add(0, &ip, sizeof ip)));
}

TEST(EditIpv4, LeavesTheChecksumRight)
{
    Random random(11);
    for (int i = 0; i < 20'000; i++) {
        tg_ipv4_front ip = {};
        for (std::size_t at = 0; at < sizeof ip; at++) {
            reinterpret_cast<std::uint8_t *>(&ip)[at] =
                static_cast<std::uint8_t>(random.below(256));
        }
        ip.checksum = 0;
        ip.checksum = tg_sum_finish(tg_sum_add(0, &ip, sizeof ip));
        const tg_ipv4_front before = ip;
        tg_edits edits = {};
        edits.tos = static_cast<std::uint8_t>(random.below(256));
        edits.changed = static_cast<std::uint8_t>(random.below(8));
        edits.identification = static_cast<__be16>(random.below(2) * random.below(0x10000));
        const auto ttl = static_cast<std::uint8_t>(random.below(256));
        tg_edit_ipv4(&ip, &edits, ttl);
        EXPECT_EQ(sum_over(ip), 0xffff);
        const auto tos = static_cast<std::uint8_t>(tg_host16(ip.version_tos));
        const auto old_tos = static_cast<std::uint8_t>(tg_host16(before.version_tos));
        EXPECT_EQ(tos & TG_ECN_BITS, old_tos & TG_ECN_BITS);
        EXPECT_EQ(tos >> 2, (edits.changed & TG_EDIT_DSCP ? edits.tos : old_tos) >> 2);
        EXPECT_EQ(tg_host16(ip.ttl_protocol) >> 8,
                  edits.changed & TG_EDIT_TTL ? ttl : tg_host16(before.ttl_protocol) >> 8);
        EXPECT_EQ(tg_host16(ip.fragment),
                  tg_host16(before.fragment) & (edits.changed & TG_EDIT_DF ? 0xbfff : 0xffff));
        EXPECT_EQ(ip.total_length, before.total_length);
        EXPECT_EQ(ip.identification, edits.changed & TG_EDIT_DF && edits.identification != 0
                                         ? edits.identification
                                         : before.identification);
    }
}

TEST(EditIpv6, TouchesNothingElse)
{
    tg_ipv6_front ip = {.version_class_flow = tg_net32(0x6f3abcde),
                        .payload_length = tg_net16(1),
                        .next_header = 17,
                        .hop_limit = 9};
    tg_edits edits = {};
    edits.tos = 46 << 2;
    edits.changed = TG_EDIT_DSCP;
    tg_edit_ipv6(&ip, &edits, 64);
    EXPECT_EQ(tg_host32(ip.version_class_flow), 0x6bbabcdeu);
    EXPECT_EQ(ip.hop_limit, 9);
    edits.changed = TG_EDIT_TTL;
    tg_edit_ipv6(&ip, &edits, 64);
    EXPECT_EQ(tg_host32(ip.version_class_flow), 0x6bbabcdeu);
    EXPECT_EQ(ip.hop_limit, 64);
}

tg_packet packet_of(std::uint32_t src, std::uint32_t dst, std::uint16_t src_port,
                    std::uint16_t dst_port)
{
    tg_packet packet = {};
    packet.tuple.src = tg_addr_v4(tg_net32(src));
    packet.tuple.dst = tg_addr_v4(tg_net32(dst));
    packet.tuple.src_port = tg_net16(src_port);
    packet.tuple.dst_port = tg_net16(dst_port);
    packet.tuple.protocol = TG_PROTOCOL_UDP;
    packet.tuple.family = TG_FAMILY_IPV4;
    return packet;
}

// Hosts of one network, ports of one host: the classes are about as large as one another.
TEST(Classes, AreOfOneSize)
{
    constexpr std::uint16_t classes = 3;
    constexpr int packets = 3000;
    constexpr std::uint8_t choices[] = {TG_CLASSIFIER_SRC_ADDRESS, TG_CLASSIFIER_SRC_PORT,
                                        TG_CLASSIFIER_DST_ADDRESS | TG_CLASSIFIER_DST_PORT};
    for (const std::uint8_t fields : choices) {
        std::array<int, classes> sizes = {};
        for (std::uint32_t i = 0; i < packets; i++) {
            const tg_packet packet = packet_of(0xc0a80000 + i, 0xcb007100 + i,
                                               static_cast<std::uint16_t>(1024 + i), 443);
            sizes.at(tg_class_of(&packet, fields, classes))++;
        }
        for (const int size : sizes) {
            EXPECT_NEAR(size, packets / double{classes}, packets / 30.0) << int{fields};
        }
    }
}

TEST(Classes, AskForTheirFieldsOnly)
{
    const tg_packet one = packet_of(1, 2, 3, 4), other = packet_of(1, 20, 30, 4);
    for (std::uint16_t classes = 1; classes < 1000; classes++) {
        const std::uint8_t same = TG_CLASSIFIER_SRC_ADDRESS | TG_CLASSIFIER_DST_PORT;
        EXPECT_EQ(tg_class_of(&one, same, classes), tg_class_of(&other, same, classes));
        EXPECT_LT(tg_class_of(&one, 15, classes), classes);
    }
    EXPECT_NE(tg_class_of(&one, TG_CLASSIFIER_DST_ADDRESS, 60000),
              tg_class_of(&other, TG_CLASSIFIER_DST_ADDRESS, 60000));
}

} // namespace
} // namespace tg::test
