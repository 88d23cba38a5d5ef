// SPDX-License-Identifier: Apache-2.0
#include "bpf/core/rate.h"

#include <gtest/gtest.h>

#include "tidegate/limits.h"

namespace tg {
namespace {

// Asks at `now` until there is no token; how many there were.
unsigned drain(__u64 &word, __u64 now, __u64 interval, __u32 burst)
{
    unsigned taken = 0;
    while (taken < 10000 && tg_rate_take(&word, now, interval, burst)) {
        taken++;
    }
    return taken;
}

constexpr __u64 begin = 0xffffffff - 300ull * 1000; // as the kernel's clock

TEST(Rate, ABurstAndOneAfterAnother)
{
    constexpr __u32 ticks = 250;
    const __u64 interval = tg_rate_interval(ticks, TG_LIMIT_SOURCE_ERRORS_PER_SECOND);
    __u64 word = 0;
    EXPECT_EQ(drain(word, begin, interval, TG_LIMIT_SOURCE_ERRORS_BURST), 6u);
    EXPECT_EQ(drain(word, begin + ticks - 1, interval, TG_LIMIT_SOURCE_ERRORS_BURST), 0u);
    EXPECT_EQ(drain(word, begin + ticks, interval, TG_LIMIT_SOURCE_ERRORS_BURST), 1u);
    EXPECT_EQ(drain(word, begin + 4 * ticks, interval, TG_LIMIT_SOURCE_ERRORS_BURST), 3u);
    EXPECT_EQ(drain(word, begin + 1000 * ticks, interval, TG_LIMIT_SOURCE_ERRORS_BURST), 6u);
}

TEST(Rate, SeveralTokensATick)
{
    for (const __u32 ticks : {100u, 250u, 300u, 1000u}) {
        const __u64 interval = tg_rate_interval(ticks, TG_LIMIT_ERRORS_PER_SECOND);
        __u64 word = 0;
        unsigned taken = drain(word, begin, interval, TG_LIMIT_ERRORS_BURST);
        EXPECT_EQ(taken, TG_LIMIT_ERRORS_BURST);
        for (__u64 tick = 1; tick <= 10ull * ticks; tick++) {
            taken += drain(word, begin + tick, interval, TG_LIMIT_ERRORS_BURST);
        }
        EXPECT_LE(taken, TG_LIMIT_ERRORS_BURST + 10 * TG_LIMIT_ERRORS_PER_SECOND) << ticks;
        EXPECT_GE(taken, TG_LIMIT_ERRORS_BURST + 99 * TG_LIMIT_ERRORS_PER_SECOND / 10) << ticks;
    }
}

TEST(Rate, ARefusalCostsNothing)
{
    __u64 word = 0;
    EXPECT_TRUE(tg_rate_take(&word, begin, 1024, 1));
    const __u64 before = word;
    EXPECT_FALSE(tg_rate_take(&word, begin, 1024, 1));
    EXPECT_EQ(word, before);
}

} // namespace
} // namespace tg
