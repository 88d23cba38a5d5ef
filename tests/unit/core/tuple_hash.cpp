// SPDX-License-Identifier: Apache-2.0
#include "bpf/core/tuple_hash.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

namespace {

constexpr std::uint64_t seed = 0x0123456789abcdef;

tg_tuple udp(std::uint32_t src, std::uint32_t dst, std::uint16_t src_port, std::uint16_t dst_port)
{
    tg_tuple tuple = {};
    tuple.src = tg_addr_v4(tg_net32(src));
    tuple.dst = tg_addr_v4(tg_net32(dst));
    tuple.src_port = tg_net16(src_port);
    tuple.dst_port = tg_net16(dst_port);
    tuple.protocol = TG_PROTOCOL_UDP;
    tuple.family = TG_FAMILY_IPV4;
    return tuple;
}

tg_tuple echo(std::uint8_t protocol, std::uint8_t type)
{
    tg_tuple tuple = udp(0x0a000001, 0xc0000201, 77, 0);
    tuple.protocol = protocol;
    tuple.dst_port = tg_net16(static_cast<std::uint16_t>(type << 8));
    return tuple;
}

TEST(TupleHash, BothDirectionsHaveOne)
{
    for (const tg_tuple &tuple : {udp(0x0a000001, 0xc0000201, 1000, 53), echo(TG_PROTOCOL_ICMP, 8),
                                  echo(TG_PROTOCOL_ICMPV6, 128)}) {
        tg_tuple mirror;
        tg_tuple_mirror(&tuple, &mirror);
        EXPECT_FALSE(tg_tuple_equal(&tuple, &mirror));
        EXPECT_EQ(tg_tuple_hash(&tuple, seed), tg_tuple_hash(&mirror, seed));
    }
}

TEST(TupleHash, EveryPartOfTheTupleAndTheSeedMatters)
{
    const tg_tuple tuple = udp(0x0a000001, 0xc0000201, 1000, 53);
    const std::uint64_t hash = tg_tuple_hash(&tuple, seed);
    EXPECT_NE(hash, tg_tuple_hash(&tuple, seed + 1));
    tg_tuple other = tuple;
    other.protocol = TG_PROTOCOL_TCP;
    EXPECT_NE(hash, tg_tuple_hash(&other, seed));
    for (int byte = 0; byte < 36; byte++) {
        other = tuple;
        reinterpret_cast<std::uint8_t *>(&other)[byte] ^= 0x80;
        EXPECT_NE(hash, tg_tuple_hash(&other, seed)) << "byte " << byte;
        EXPECT_FALSE(tg_tuple_equal(&tuple, &other));
    }
    // The ports may not change places without the addresses.
    const tg_tuple crossed = udp(0x0a000001, 0xc0000201, 53, 1000);
    EXPECT_NE(hash, tg_tuple_hash(&crossed, seed));
}

// 2^16 tuples over 2^17 heads: the longest chain of random hashes has 7 or 8; and no two tuples
// that differ have the same 64 bits.
void expect_scattered(const std::function<tg_tuple(std::uint32_t)> &make)
{
    constexpr unsigned bits = 17;
    std::vector<unsigned> heads(1u << bits);
    std::vector<unsigned> tags(1u << 8);
    std::unordered_set<std::uint64_t> hashes;
    for (std::uint32_t i = 0; i < 65536; i++) {
        const tg_tuple tuple = make(i);
        const std::uint64_t hash = tg_tuple_hash(&tuple, seed);
        heads[hash >> (64 - bits)]++;
        tags[hash & 0xff]++;
        hashes.insert(hash);
    }
    EXPECT_EQ(hashes.size(), 65536u);
    EXPECT_LE(std::ranges::max(heads), 10u);
    EXPECT_GT(std::ranges::count(heads, 0u), 70000) << "evener than chance";
    EXPECT_LT(std::ranges::count(heads, 0u), 88000) << "clustered";
    EXPECT_LT(std::ranges::max(tags), 400u);
    EXPECT_GT(std::ranges::min(tags), 150u);
}

TEST(TupleHash, ScattersWhatNetworksCount)
{
    expect_scattered([](std::uint32_t i) {
        return udp(0x0a000001, 0xc0000201, static_cast<std::uint16_t>(i), 53);
    });
    expect_scattered([](std::uint32_t i) { return udp(0x0a000000 + i, 0xc0000201, 1000, 53); });
    expect_scattered(
        [](std::uint32_t i) { return udp(0x0a000000 + i % 256, 0xc0000200 + i / 256, 1000, 53); });
    expect_scattered([](std::uint32_t i) {
        tg_tuple tuple = udp(0, 0, 1000, 443);
        tuple.family = TG_FAMILY_IPV6;
        tuple.src = tuple.dst = {};
        tuple.src.words[0] = tuple.dst.words[0] = tg_net32(0x20010db8);
        tuple.src.words[3] = tg_net32(i);
        return tuple;
    });
    expect_scattered([](std::uint32_t i) {
        tg_tuple tuple = udp(0, 0, 1000, 443);
        tuple.src.words[1] = tg_net32(i << 16);
        return tuple;
    });
}

} // namespace
