// SPDX-License-Identifier: Apache-2.0
// L4 headers of which a single field decides.
#include "bpf/core/parse_l4.h"

#include <gtest/gtest.h>

namespace tg {
namespace {

TEST(ParseGre, OnlyVersion1HasACallAndCarriesPppOnly)
{
    for (unsigned version = 0; version < 8; version++) {
        for (const unsigned type : {0x0800u, 0x6558u, TG_GRE_TYPE_PPP + 0u}) {
            const tg_gre_header header{tg_net16(static_cast<__u16>(0x3080 | version)),
                                       tg_net16(static_cast<__u16>(type)), tg_net16(4),
                                       tg_net16(513)};
            tg_tuple tuple{};
            EXPECT_EQ(tg_parse_gre(&header, &tuple), version != 1 || type == TG_GRE_TYPE_PPP);
            EXPECT_EQ(tuple.dst_port, version == 1 ? tg_net16(513) : 0) << version;
            EXPECT_EQ(tuple.src_port, 0);
        }
    }
}

TEST(ParseUdp, TheLengthOrTheCoverage)
{
    struct Row {
        __u8 protocol;
        __u16 said;
        __u32 length;
        bool first_piece;
        __u16 checksum;
        bool good;
    };
    const Row rows[] = {
        {TG_PROTOCOL_UDP, 8, 8, false, 0, true},
        {TG_PROTOCOL_UDP, 7, 8, false, 1, false},
        {TG_PROTOCOL_UDP, 9, 8, false, 1, false},
        {TG_PROTOCOL_UDP, 9, 8, true, 1, true},
        {TG_PROTOCOL_UDP, 0, 8, false, 1, false},
        {TG_PROTOCOL_UDP, 0, 65535, false, 1, false},
        {TG_PROTOCOL_UDP, 0, 65536, false, 1, true},
        {TG_PROTOCOL_UDPLITE, 0, 8, false, 1, true},
        {TG_PROTOCOL_UDPLITE, 8, 20, false, 1, true},
        {TG_PROTOCOL_UDPLITE, 7, 20, false, 1, false},
        {TG_PROTOCOL_UDPLITE, 21, 20, false, 1, false},
        {TG_PROTOCOL_UDPLITE, 21, 20, true, 1, true},
        {TG_PROTOCOL_UDPLITE, 20, 20, false, 0, false},
    };
    for (const Row &row : rows) {
        const tg_udp_header header{1, 2, tg_net16(row.said), row.checksum};
        tg_packet packet{};
        packet.tuple.protocol = row.protocol;
        packet.flags = row.first_piece ? TG_PACKET_FIRST_PIECE : 0;
        EXPECT_EQ(tg_parse_udp(&header, row.length, &packet), row.good)
            << unsigned{row.protocol} << " " << row.said << " " << row.length;
    }
}

TEST(ParseIcmp, WhichMessagesAreErrors)
{
    for (unsigned type = 0; type < 256; type++) {
        const auto number = static_cast<__u8>(type);
        const bool error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
        EXPECT_EQ(tg_icmp_is_error(TG_PROTOCOL_ICMP, number), error) << type;
        EXPECT_EQ(tg_icmp_is_error(TG_PROTOCOL_ICMPV6, number), type < 128) << type;
    }
}

} // namespace
} // namespace tg
