// SPDX-License-Identifier: Apache-2.0
// Each header of a quotation by itself; tests/cases/related.case has whole ones.
#include "bpf/core/parse_quote.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

namespace tg {
namespace {

TEST(ParseQuote, AnIpv4HeaderIsAsLongAsItSays)
{
    for (const unsigned words : {0u, 5u, 15u}) {
        tg_ipv4_header header{};
        header.version_length = static_cast<__u8>(0x40 | words);
        header.protocol = TG_PROTOCOL_UDP;
        header.src = tg_net32(0xc0000201);
        header.fragment = tg_net16(TG_IPV4_MORE_FRAGMENTS | TG_IPV4_DONT_FRAGMENT);
        tg_tuple quoted{};
        __u32 offset = 42;
        EXPECT_TRUE(tg_quote_ipv4(&header, &quoted, &offset));
        EXPECT_EQ(offset, 42 + words * 4);
        EXPECT_EQ(quoted.protocol, TG_PROTOCOL_UDP);
        EXPECT_EQ(quoted.src.words[3], tg_net32(0xc0000201));
        header.fragment = tg_net16(1);
        EXPECT_FALSE(tg_quote_ipv4(&header, &quoted, &offset));
    }
}

TEST(ParseQuote, ExtensionHeadersAreSteppedOver)
{
    struct Row {
        __u8 protocol;
        __u8 length;
        __u32 step;
    };
    for (const Row row : {Row{TG_IPV6_HOP_BY_HOP, 0, 8}, Row{TG_IPV6_ROUTING, 255, 2048},
                          Row{TG_IPV6_DESTINATION, 2, 24}, Row{TG_IPV6_FRAGMENT, 255, 8}}) {
        const tg_ipv6_option_header header{TG_PROTOCOL_TCP, row.length};
        tg_tuple quoted{};
        quoted.protocol = row.protocol;
        __u32 offset = 0;
        tg_quote_extension(&header, &quoted, &offset);
        EXPECT_EQ(offset, row.step) << unsigned{row.protocol};
        EXPECT_EQ(quoted.protocol, TG_PROTOCOL_TCP);
    }
}

TEST(ParseQuote, OnlyMessagesOfAnExchangeAreAnybodys)
{
    struct Row {
        __u8 protocol;
        std::vector<unsigned> types;
    };
    const Row rows[] = {{TG_PROTOCOL_ICMP, {0, 8, 13, 14, 15, 16, 17, 18}},
                        {TG_PROTOCOL_ICMPV6, {128, 129, 139, 140}}};
    for (const Row &row : rows) {
        for (unsigned type = 0; type < 256; type++) {
            tg_icmp_header header{};
            header.type = static_cast<__u8>(type);
            header.identifier = tg_net16(7);
            tg_tuple quoted{};
            quoted.protocol = row.protocol;
            EXPECT_EQ(tg_quote_icmp(&header, &quoted), std::ranges::count(row.types, type) == 1)
                << type;
            EXPECT_EQ(quoted.src_port, tg_net16(7));
            EXPECT_EQ(quoted.dst_port, tg_net16(static_cast<__u16>(type << 8)));
        }
    }
}

} // namespace
} // namespace tg
