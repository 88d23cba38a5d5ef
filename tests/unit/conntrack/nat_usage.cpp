// SPDX-License-Identifier: Apache-2.0
// Ports of external addresses: each is counted for the remote end it serves.
#include "control/conntrack/nat_usage.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

namespace tg {
namespace {

Address address(std::uint8_t last)
{
    Address result;
    result.raw.bytes[10] = result.raw.bytes[11] = 0xff;
    result.raw.bytes[15] = last;
    return result;
}

// The remote end is `remote` at port 53.
tg_conn connection(std::uint8_t external, std::uint8_t remote, std::uint8_t protocol = IPPROTO_UDP,
                   std::uint16_t flags = TG_CONN_FLAG_CONFIRMED | TG_CONN_FLAG_SRCNAT)
{
    tg_conn record = {};
    record.word = tg_word_make(1, 0, 0, flags);
    record.reply.src = address(remote).raw;
    record.reply.src_port = htons(53);
    record.reply.dst = address(external).raw;
    record.reply.protocol = protocol;
    return record;
}

TEST(NatUsage, CountsForEachExternalAddressTheRemoteEndWithMost)
{
    NatUsage usage;
    for (int i = 0; i < 5; i++) {
        usage.see(connection(1, 100));
    }
    usage.see(connection(1, 101));
    usage.see(connection(2, 101));
    usage.see(connection(2, 102));
    usage.see(connection(2, 102, IPPROTO_TCP));
    const std::vector<NatUse> uses = usage.finish();
    ASSERT_EQ(uses.size(), 3u);
    EXPECT_EQ(uses[0].address, address(1));
    EXPECT_EQ(uses[0].connections, 6u);
    EXPECT_EQ(uses[0].ports, 5u);
    EXPECT_EQ(uses[1].protocol, IPPROTO_TCP);
    EXPECT_EQ(uses[1].connections, 1u);
    EXPECT_EQ(uses[2].connections, 2u);
    EXPECT_EQ(uses[2].ports, 1u);
    EXPECT_TRUE(usage.finish().empty()) << "a walk begins with nothing";
}

TEST(NatUsage, FollowsNoMoreAddressesThanItsLimit)
{
    NatUsage usage;
    for (std::size_t i = 0; i < NatUsage::most_externals + 10; i++) {
        tg_conn record = connection(static_cast<std::uint8_t>(i), 100);
        record.reply.dst.bytes[14] = static_cast<std::uint8_t>(i >> 8);
        usage.see(record);
        usage.see(record);
    }
    const std::vector<NatUse> uses = usage.finish();
    ASSERT_EQ(uses.size(), NatUsage::most_externals);
    EXPECT_EQ(uses.back().connections, 2u);
}

TEST(NatUsage, CountsNothingElse)
{
    NatUsage usage;
    usage.see(connection(1, 100, IPPROTO_UDP, TG_CONN_FLAG_CONFIRMED));
    usage.see(connection(1, 100, IPPROTO_UDP, TG_CONN_FLAG_CONFIRMED | TG_CONN_FLAG_DSTNAT));
    usage.see(connection(1, 100, IPPROTO_GRE));
    EXPECT_TRUE(usage.finish().empty());
}

} // namespace
} // namespace tg
