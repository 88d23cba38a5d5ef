// SPDX-License-Identifier: Apache-2.0
#include "bpf/core/nat.h"

#include <gtest/gtest.h>
#include <set>

#include "bpf/core/rewrite.h"
#include "tests/harness/random.h"

namespace tg::test {
namespace {

tg_tuple tuple(std::uint8_t protocol, std::uint16_t src_port, std::uint16_t dst_port)
{
    return {.src = tg_addr_v4(tg_net32(0xc0a85802)),
            .dst = tg_addr_v4(tg_net32(0xcb007102)),
            .src_port = tg_net16(src_port),
            .dst_port = tg_net16(dst_port),
            .protocol = protocol,
            .family = TG_FAMILY_IPV4,
            .mapping = 0};
}

TEST(NatPorts, AreAsPrivilegedAsBefore)
{
    const auto of = [](std::uint16_t port) {
        const tg_tuple udp = tuple(TG_PROTOCOL_UDP, port, 53);
        const tg_nat_ports ports = tg_nat_ports_like(&udp);
        return std::pair(ports.low, ports.low + ports.size - 1);
    };
    EXPECT_EQ(of(1), std::pair(1u, 1023u));
    EXPECT_EQ(of(1023), std::pair(1u, 1023u));
    EXPECT_EQ(of(1024), std::pair(1024u, 65535u));
    EXPECT_EQ(of(65535), std::pair(1024u, 65535u));
}

TEST(NatPorts, OfWhatHasNone)
{
    const tg_tuple esp = tuple(TG_PROTOCOL_ESP, 0, 0), sctp = tuple(TG_PROTOCOL_SCTP, 5, 6);
    EXPECT_EQ(tg_nat_ports_like(&esp).size, 0u);
    EXPECT_EQ(tg_nat_ports_like(&sctp).size, 0u);
    const tg_tuple echo = tuple(TG_PROTOCOL_ICMP, 7, 0x0800), error = tuple(1, 0, 0x0300);
    EXPECT_EQ(tg_nat_ports_like(&echo).size, 0x10000u);
    EXPECT_EQ(tg_nat_ports_like(&error).size, 0u);
}

TEST(NatProbes, GoThroughASmallRangeOnce)
{
    for (const unsigned size : {1u, 2u, 20u, TG_LIMIT_NAT_PROBES}) {
        const tg_nat_ports ports{7000, size};
        std::set<unsigned> seen;
        ASSERT_EQ(tg_nat_probes(&ports), size);
        for (unsigned probe = 0; probe < size; probe++) {
            seen.insert(tg_nat_probe(&ports, 0x1234567890abcdef, 99, probe));
        }
        EXPECT_EQ(seen.size(), size);
        EXPECT_EQ(*seen.begin(), 7000u);
        EXPECT_EQ(*seen.rbegin(), 7000u + size - 1);
    }
}

TEST(NatProbes, GoOnWhereTheLastSearchEnded)
{
    const tg_nat_ports ports{1024, 64512};
    EXPECT_EQ(tg_nat_probes(&ports), TG_LIMIT_NAT_PROBES);
    for (unsigned probe = TG_NAT_SCATTERED; probe < TG_LIMIT_NAT_PROBES; probe++) {
        EXPECT_EQ(tg_nat_probe(&ports, 5, 64500, probe),
                  1024 + (64500 + probe - TG_NAT_SCATTERED) % 64512);
    }
}

TEST(NatProbes, ScatterOverALargeRange)
{
    Random random(1);
    const tg_nat_ports ports{1024, 64512};
    std::array<unsigned, 4> quarters{};
    std::set<unsigned> seen;
    for (unsigned i = 0; i < 1000; i++) {
        const std::uint64_t hash = std::uint64_t{random.below(0xffffffff)} << 32 | i;
        for (unsigned probe = 0; probe < TG_NAT_SCATTERED; probe++) {
            const unsigned port = tg_nat_probe(&ports, hash, 0, probe);
            ASSERT_GE(port, 1024u);
            quarters.at((port - 1024) / 16128)++;
            seen.insert(port);
        }
    }
    for (const unsigned count : quarters) {
        EXPECT_NEAR(count, 4000, 400);
    }
    EXPECT_GT(seen.size(), 13000u); // of 16000 tries, as chance would have it
}

// Which of eight addresses a rule gives to a source on its way to a destination.
std::uint32_t chosen_address(bool by_both, std::uint32_t source, std::uint32_t destination)
{
    tg_rule_nat nat = {};
    nat.addresses = {tg_addr_v4(tg_net32(0xcb007110)), tg_addr_v4(tg_net32(0xcb007117))};
    nat.by_both = by_both ? 1 : 0;
    tg_tuple tuple = {};
    tuple.src = tg_addr_v4(tg_net32(0xc0a80000 + source));
    tuple.dst = tg_addr_v4(tg_net32(0x0a000000 + destination));
    const tg_addr chosen = tg_nat_address(&nat, &tuple);
    EXPECT_TRUE(tg_addr_in(&chosen, &nat.addresses));
    return tg_host32(chosen.words[3]);
}

TEST(NatAddress, IsTheSameForOneSource)
{
    std::set<std::uint32_t> seen;
    for (std::uint32_t host = 0; host < 200; host++) {
        const std::uint32_t chosen = chosen_address(false, host, 1);
        EXPECT_EQ(chosen_address(false, host, 2), chosen);
        seen.insert(chosen);
    }
    EXPECT_EQ(seen.size(), 8u) << "every address is somebody's";
}

TEST(NatAddress, IsTheSameForOnePairOfHosts)
{
    std::set<std::uint32_t> from_one, to_one;
    for (std::uint32_t host = 0; host < 200; host++) {
        const std::uint32_t chosen = chosen_address(true, 1, host);
        EXPECT_EQ(chosen_address(true, 1, host), chosen);
        from_one.insert(chosen);
        to_one.insert(chosen_address(true, host, 1));
    }
    EXPECT_EQ(from_one.size(), 8u);
    EXPECT_EQ(to_one.size(), 8u);
}

TEST(NatAddress, OfAnotherNetHostByHost)
{
    const tg_addr_range net{tg_addr_v4(tg_net32(0xcb007100)), tg_addr_v4(tg_net32(0xcb0071ff))};
    const tg_addr host = tg_addr_v4(tg_net32(0xc0a8582a));
    EXPECT_EQ(tg_host32(tg_netmap_address(&net, &host).words[3]), 0xcb00712au);
}

TEST(NatDestination, KeepsAPortOfTheRange)
{
    const tg_port_range range{8000, 8003}, one{80, 80};
    EXPECT_EQ(tg_nat_dst_port(&range, tg_net16(8002), 77), tg_net16(8002));
    EXPECT_EQ(tg_nat_dst_port(&one, tg_net16(8002), 77), tg_net16(80));
    for (std::uint64_t hash = 1; hash != 0; hash <<= 1) {
        const unsigned port = tg_host16(tg_nat_dst_port(&range, tg_net16(1), hash));
        EXPECT_TRUE(port >= 8000 && port <= 8003) << port;
    }
}

// RFC 1624: the changed checksum is that of the changed data.
TEST(Rewrite, ChecksumsFollowWhatTheyCover)
{
    Random random(2);
    for (int i = 0; i < 10000; i++) {
        std::array<std::uint32_t, 8> words{};
        for (std::uint32_t &word : words) {
            word = random.percent(10) ? 0xffffffff * random.below(2) : random.below(0xffffffff);
        }
        const tg_addr *from = reinterpret_cast<const tg_addr *>(words.data()), *to = from + 1;
        const std::uint64_t rest = random.below(0xffff);
        const __be16 before = tg_sum_finish(tg_sum_words(rest, from, sizeof *from));
        const __be16 after = tg_checksum_change(before, tg_addr_change(from, to));
        EXPECT_TRUE(tg_sum_is_right(tg_sum_words(rest, to, sizeof *to) + after));
        EXPECT_EQ(tg_checksum_add(before, tg_addr_change(from, to)), after);
    }
}

TEST(Rewrite, NoChecksumOfUdpStaysNone)
{
    const tg_l4_checksum udp = tg_l4_checksum_of(TG_PROTOCOL_UDP), tcp = tg_l4_checksum_of(6);
    EXPECT_EQ(tg_l4_checksum_change(&udp, 0, 5), 0);
    EXPECT_NE(tg_l4_checksum_change(&tcp, 0, 5), 0);
    // A sum that comes to 0 is written as its other form.
    EXPECT_EQ(tg_l4_checksum_change(&udp, 0xfffe, 0xfffe), 0xffff);
}

TEST(Rewrite, ChangesWhatTheProtocolHas)
{
    tg_rewrite rewrite;
    tg_tuple from = tuple(TG_PROTOCOL_TCP, 1000, 80), to = from;
    to.src_port = tg_net16(2000);
    tg_rewrite_plan(&from, &to, &rewrite);
    EXPECT_EQ(rewrite.port_size, 4u);
    EXPECT_TRUE(rewrite.sum.pseudo);
    from = tuple(TG_PROTOCOL_ICMP, 7, 0x0800);
    to = from;
    to.src_port = tg_net16(8);
    tg_rewrite_plan(&from, &to, &rewrite);
    EXPECT_EQ(rewrite.port_size, 2u);
    EXPECT_EQ(rewrite.port_offset, 4u);
    EXPECT_FALSE(rewrite.sum.pseudo);
    from = to = tuple(TG_PROTOCOL_ESP, 0, 0);
    tg_rewrite_plan(&from, &to, &rewrite);
    EXPECT_EQ(rewrite.port_size + rewrite.sum.offset, 0u);
}

} // namespace
} // namespace tg::test
