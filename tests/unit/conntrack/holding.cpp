// SPDX-License-Identifier: Apache-2.0
// Pieces of datagrams that wait for their first one: order, limits, expiry.
#include "control/conntrack/holding.h"

#include <gtest/gtest.h>
#include <set>
#include <vector>

namespace tg {
namespace {

constexpr std::uint32_t ticks = 250;
constexpr std::uint64_t begin = 0xffffffff - 300ull * ticks; // as the kernel's clock
constexpr std::uint64_t patience = std::uint64_t{TG_LIMIT_HELD_SECONDS} * ticks;

tg_fragment_key datagram(std::uint32_t number, std::uint32_t source = 1,
                         tg_family family = TG_FAMILY_IPV4)
{
    tg_fragment_key key = {};
    key.src.words[family == TG_FAMILY_IPV4 ? 3 : 1] = source;
    key.family = static_cast<__u8>(family);
    key.identification = number;
    return key;
}

// `mark` tells pieces apart.
tg_piece piece(const tg_fragment_key &key, std::uint32_t mark, std::uint64_t held = begin,
               std::uint16_t length = 100)
{
    tg_piece result = {};
    result.key = key;
    result.held = held;
    result.ifindex = mark;
    result.length = length;
    result.bytes = length - 14u;
    return result;
}

// Remembers what it was asked for.
class Way final : public PieceWay {
public:
    bool open(const tg_fragment_key &key) override
    {
        return known.contains(key.identification);
    }
    bool reinject(const tg_piece &piece) override
    {
        if (gone.contains(piece.ifindex)) {
            return false;
        }
        reinjected.push_back(piece.ifindex);
        return true;
    }
    void give_up(const tg_given_up &pieces) override
    {
        given_up.push_back(pieces);
    }
    // Pieces given up under the reason.
    [[nodiscard]] std::uint64_t ended(tg_reason reason) const
    {
        std::uint64_t packets = 0;
        for (const tg_given_up &each : given_up) {
            packets += each.reason == static_cast<__u32>(reason) ? each.packets : 0;
        }
        return packets;
    }

    std::set<std::uint32_t> known, gone;
    std::vector<std::uint32_t> reinjected;
    std::vector<tg_given_up> given_up;
};

using Marks = std::vector<std::uint32_t>;

class HoldingTest : public testing::Test {
protected:
    Way way_;
    Holding holding_{way_, ticks};
};

TEST_F(HoldingTest, PiecesGoOnInTheOrderTheyCameIn)
{
    for (const std::uint32_t mark : {5, 3, 4}) {
        holding_.piece(piece(datagram(7), mark), begin);
        holding_.piece(piece(datagram(8), mark + 10), begin);
    }
    EXPECT_EQ(holding_.pieces(), 6u);
    EXPECT_EQ(holding_.bytes(), 600u);
    EXPECT_EQ(way_.reinjected, Marks{});
    holding_.first(datagram(7));
    EXPECT_EQ(way_.reinjected, (Marks{5, 3, 4}));
    EXPECT_EQ(holding_.pieces(), 3u);
    holding_.first(datagram(7));
    holding_.first(datagram(9));
    holding_.first(datagram(8));
    EXPECT_EQ(way_.reinjected, (Marks{5, 3, 4, 15, 13, 14}));
    EXPECT_EQ(holding_.bytes(), 0u);
    EXPECT_TRUE(way_.given_up.empty());
}

TEST_F(HoldingTest, WhatIsKnownByNowGoesOnBehindWhatWaits)
{
    holding_.piece(piece(datagram(7), 1), begin);
    way_.known.insert(7);
    holding_.piece(piece(datagram(7), 2), begin);
    EXPECT_EQ(way_.reinjected, (Marks{1, 2}));
    EXPECT_EQ(holding_.pieces(), 0u);
}

TEST_F(HoldingTest, ADatagramIsTheWholeKey)
{
    tg_fragment_key other = datagram(7);
    other.protocol = 1;
    holding_.piece(piece(datagram(7), 1), begin);
    holding_.piece(piece(other, 2), begin);
    holding_.piece(piece(datagram(7, 2), 3), begin);
    holding_.first(datagram(7));
    EXPECT_EQ(way_.reinjected, Marks{1});
}

TEST_F(HoldingTest, GivesUpWhatWasHeldForTheWholeTimeAndNotBefore)
{
    holding_.piece(piece(datagram(7), 1, begin), begin);
    holding_.piece(piece(datagram(7), 2, begin + 1), begin + 1);
    holding_.expire(begin + patience - 1);
    EXPECT_TRUE(way_.given_up.empty());
    holding_.expire(begin + patience);
    ASSERT_EQ(way_.given_up.size(), 1u);
    EXPECT_EQ(way_.given_up[0].reason, static_cast<__u32>(TG_REASON_FRAGMENT_EXPIRED));
    EXPECT_EQ(way_.given_up[0].packets, 1u);
    EXPECT_EQ(way_.given_up[0].bytes, 86u);
    EXPECT_EQ(holding_.pieces(), 1u);
    holding_.first(datagram(7));
    EXPECT_EQ(way_.reinjected, Marks{2});
}

TEST_F(HoldingTest, PiecesOfOneMomentAreGivenUpTogether)
{
    for (std::uint32_t i = 0; i < 5; i++) {
        holding_.piece(piece(datagram(i), i), begin);
    }
    holding_.expire(begin + patience);
    ASSERT_EQ(way_.given_up.size(), 1u);
    EXPECT_EQ(way_.given_up[0].packets, 5u);
    EXPECT_EQ(way_.given_up[0].bytes, 5 * 86u);
}

TEST_F(HoldingTest, LooksOnceMoreBeforeItGivesUp)
{
    holding_.piece(piece(datagram(7), 1), begin);
    holding_.piece(piece(datagram(8), 2), begin);
    way_.known.insert(7); // and nobody said so
    holding_.expire(begin + patience);
    EXPECT_EQ(way_.reinjected, Marks{1});
    EXPECT_EQ(way_.ended(TG_REASON_FRAGMENT_EXPIRED), 1u);
}

TEST_F(HoldingTest, WhatHasWaitedForAnAgentIsOverdueAtOnce)
{
    holding_.piece(piece(datagram(7), 1, begin), begin + patience);
    EXPECT_EQ(holding_.pieces(), 0u);
    EXPECT_EQ(way_.ended(TG_REASON_FRAGMENT_EXPIRED), 1u);
    holding_.piece(piece(datagram(7), 1, begin), begin + patience - 1);
    EXPECT_EQ(holding_.pieces(), 1u);
}

TEST_F(HoldingTest, APieceWhoseInterfaceHasGoneIsGivenUp)
{
    holding_.piece(piece(datagram(7), 1), begin);
    holding_.piece(piece(datagram(7), 2), begin);
    way_.gone.insert(1);
    holding_.first(datagram(7));
    EXPECT_EQ(way_.reinjected, Marks{2});
    EXPECT_EQ(way_.ended(TG_REASON_FRAGMENT_EXPIRED), 1u);
}

TEST_F(HoldingTest, OneSourceHasSoManyPlacesAndNotOneMore)
{
    for (std::uint32_t i = 0; i <= TG_LIMIT_HELD_BY_SOURCE; i++) {
        EXPECT_EQ(way_.ended(TG_REASON_FRAGMENT_NO_ROOM), 0u) << i;
        holding_.piece(piece(datagram(i), i), begin);
    }
    EXPECT_EQ(holding_.pieces(), TG_LIMIT_HELD_BY_SOURCE);
    EXPECT_EQ(way_.ended(TG_REASON_FRAGMENT_NO_ROOM), 1u);
    holding_.piece(piece(datagram(1, 2), 0), begin);
    EXPECT_EQ(holding_.pieces(), TG_LIMIT_HELD_BY_SOURCE + 1);
    holding_.first(datagram(0));
    holding_.piece(piece(datagram(1), 0), begin);
    EXPECT_EQ(way_.ended(TG_REASON_FRAGMENT_NO_ROOM), 1u);
}

TEST_F(HoldingTest, ASourceOfIpv6IsItsNetwork)
{
    tg_fragment_key key = datagram(7, 1, TG_FAMILY_IPV6);
    for (std::uint32_t i = 0; i <= TG_LIMIT_HELD_BY_SOURCE; i++) {
        key.src.words[3] = i;
        holding_.piece(piece(key, i), begin);
    }
    EXPECT_EQ(way_.ended(TG_REASON_FRAGMENT_NO_ROOM), 1u);
    holding_.piece(piece(datagram(7, 2, TG_FAMILY_IPV6), 0), begin);
    EXPECT_EQ(way_.ended(TG_REASON_FRAGMENT_NO_ROOM), 1u);
}

TEST_F(HoldingTest, SoManyPiecesAreHeldAndNotOneMore)
{
    for (std::uint32_t i = 0; i <= TG_LIMIT_HELD_PIECES; i++) {
        EXPECT_EQ(way_.ended(TG_REASON_FRAGMENT_NO_ROOM), 0u) << i;
        holding_.piece(piece(datagram(i, i), i), begin);
    }
    EXPECT_EQ(holding_.pieces(), TG_LIMIT_HELD_PIECES);
    EXPECT_EQ(way_.ended(TG_REASON_FRAGMENT_NO_ROOM), 1u);
}

TEST_F(HoldingTest, SoManyBytesAreHeldAndNotOneMore)
{
    constexpr std::uint32_t count = TG_LIMIT_HELD_BYTES / 1500;
    constexpr auto rest = static_cast<std::uint16_t>(TG_LIMIT_HELD_BYTES % 1500);
    for (std::uint32_t i = 0; i < count; i++) {
        holding_.piece(piece(datagram(i, i), i, begin, 1500), begin);
    }
    holding_.piece(piece(datagram(1, count), 0, begin, rest + 1), begin);
    EXPECT_EQ(way_.ended(TG_REASON_FRAGMENT_NO_ROOM), 1u);
    holding_.piece(piece(datagram(1, count), 0, begin, rest), begin);
    EXPECT_EQ(way_.ended(TG_REASON_FRAGMENT_NO_ROOM), 1u);
    EXPECT_EQ(holding_.bytes(), TG_LIMIT_HELD_BYTES);
}

TEST_F(HoldingTest, ClearForgetsAll)
{
    holding_.piece(piece(datagram(7), 1), begin);
    holding_.clear();
    EXPECT_EQ(holding_.bytes(), 0u);
    holding_.first(datagram(7));
    holding_.expire(begin + patience);
    EXPECT_TRUE(way_.reinjected.empty() && way_.given_up.empty());
}

} // namespace
} // namespace tg
