// SPDX-License-Identifier: Apache-2.0
// Ports of external addresses: each is counted for the remote end it serves.
#include "control/conntrack/nat_usage.h"

#include <array>

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

tg_conn at_port(tg_conn record, std::uint16_t port)
{
    record.reply.dst_port = htons(port);
    return record;
}

constexpr PortRange all{.low = 0, .high = 65535};

TEST(NatUsage, CountsForEachExternalAddressTheRemoteEndWithMost)
{
    NatUsage usage;
    for (std::uint16_t port = 1000; port < 1005; port++) {
        usage.see(at_port(connection(1, 100), port));
    }
    usage.see(connection(1, 101));
    usage.see(connection(2, 101));
    usage.see(connection(2, 102));
    usage.see(connection(2, 102, IPPROTO_TCP));
    const std::vector<NatUse> uses = usage.finish();
    ASSERT_EQ(uses.size(), 3u);
    EXPECT_EQ(uses[0].address, address(1));
    EXPECT_EQ(uses[0].connections(all), 6u);
    EXPECT_EQ(uses[0].most(all), 5u);
    EXPECT_EQ(uses[1].protocol, IPPROTO_TCP);
    EXPECT_EQ(uses[1].connections(all), 1u);
    EXPECT_EQ(uses[2].connections(all), 2u);
    EXPECT_EQ(uses[2].most(all), 1u);
    EXPECT_TRUE(usage.finish().empty()) << "a walk begins with nothing";
}

TEST(NatUsage, CountsWhatLiesInARange)
{
    NatUsage usage;
    for (const std::uint16_t port : std::array<std::uint16_t, 5>{1023, 1024, 2000, 2001, 65535}) {
        usage.see(at_port(connection(1, 100), port));
    }
    for (const std::uint16_t port : std::array<std::uint16_t, 2>{1024, 2000}) {
        usage.see(at_port(connection(1, 101), port));
    }
    const NatUse use = usage.finish().at(0);
    EXPECT_EQ(use.most({1, 1023}), 1u);
    EXPECT_EQ(use.connections({1, 1023}), 1u);
    EXPECT_EQ(use.most({1024, 65535}), 4u);
    EXPECT_EQ(use.connections({1024, 65535}), 6u);
    EXPECT_EQ(use.most({1024, 2000}), 2u);
    EXPECT_EQ(use.most({3000, 4000}), 0u);
}

// A mapping's port is in use to everybody, however many connections it serves.
TEST(NatUsage, CountsAMappingForEveryRemoteEnd)
{
    constexpr std::uint16_t flags = TG_CONN_FLAG_CONFIRMED | TG_CONN_FLAG_SRCNAT;
    NatUsage usage;
    tg_conn mapping = at_port(connection(1, 0, IPPROTO_UDP, flags), 7000);
    mapping.reply.mapping = 1;
    usage.see(mapping);
    usage.see(at_port(connection(1, 100, IPPROTO_UDP, flags | TG_CONN_MAPPED), 7000));
    usage.see(at_port(connection(1, 101, IPPROTO_UDP, flags | TG_CONN_MAPPED), 7000));
    usage.see(at_port(connection(1, 101), 7001));
    const NatUse use = usage.finish().at(0);
    EXPECT_EQ(use.connections(all), 3u);
    EXPECT_EQ(use.most(all), 2u);
    EXPECT_EQ(use.most({7000, 7000}), 1u);
    EXPECT_EQ(use.most({7001, 7001}), 1u);
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
    EXPECT_EQ(uses.back().connections(all), 2u);
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
