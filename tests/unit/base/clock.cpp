// SPDX-License-Identifier: Apache-2.0
#include "control/base/clock.h"

#include <gtest/gtest.h>

namespace tg {
namespace {

TEST(HostClock, GoesForwardInAllScales)
{
    const Clock &clock = host_clock();
    const Duration before = clock.since_boot();
    EXPECT_GT(before, Duration{0});
    EXPECT_GE(clock.since_boot(), before);
    const Duration awake = clock.awake();
    EXPECT_GT(awake, Duration{0});
    EXPECT_GE(clock.awake(), awake);
    EXPECT_LE(awake, clock.since_boot());
    EXPECT_GT(clock.wall().time_since_epoch(), clock.since_boot());
}

} // namespace
} // namespace tg
