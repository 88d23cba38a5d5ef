// SPDX-License-Identifier: Apache-2.0
// Rates at their edges: one second, two seconds, counters that wrap.
#include "bpf/core/throughput.h"

#include <gtest/gtest.h>

namespace tg {
namespace {

constexpr std::uint32_t ticks = 250; // a second

TEST(Throughput, IsDueAfterOneSecond)
{
    EXPECT_FALSE(tg_throughput_due(1000 + ticks - 1, 1000, ticks));
    EXPECT_TRUE(tg_throughput_due(1000 + ticks, 1000, ticks));
    EXPECT_FALSE(tg_throughput_due(999, 1000, ticks)); // another CPU has just sampled
}

TEST(Throughput, IsWhatCameInLessThanTwoSeconds)
{
    EXPECT_EQ(tg_throughput_rate(5000, 4000, ticks, ticks), 1000u);
    EXPECT_EQ(tg_throughput_rate(5000, 4000, ticks * 2 - 1, ticks), 501u);
    EXPECT_EQ(tg_throughput_rate(5000, 4000, ticks * 2, ticks), 0u);
    EXPECT_EQ(tg_throughput_rate(5000, 4000, 0, ticks), 0u);
}

TEST(Throughput, GoesOnWhereTheSampleWraps)
{
    EXPECT_EQ(tg_throughput_rate((1ull << 32) + 500, 0xfffffe0c, ticks, ticks), 1000u);
    EXPECT_EQ(tg_throughput_rate(0xffffffff, 0, ticks, ticks), 0xffffffffu);
}

TEST(Throughput, ShowsTheSampleThenTheCountersThenNothing)
{
    tg_conn conn = {};
    conn.throughput = {.bytes = {100, 200}, .rates = {11, 22}, .sampled = 1000};
    conn.counters[TG_ORIGINAL].bytes = 600;
    conn.counters[TG_REPLY].bytes = 200;
    const auto shown = [&conn](std::uint64_t now) {
        return std::pair(tg_throughput_now(&conn, TG_ORIGINAL, now, ticks),
                         tg_throughput_now(&conn, TG_REPLY, now, ticks));
    };
    EXPECT_EQ(shown(999), std::pair(11u, 22u));
    EXPECT_EQ(shown(1000 + ticks - 1), std::pair(11u, 22u));
    EXPECT_EQ(shown(1000 + ticks), std::pair(500u, 0u));
    EXPECT_EQ(shown(1000 + 2 * ticks), std::pair(0u, 0u));
}

} // namespace
} // namespace tg
