// SPDX-License-Identifier: Apache-2.0
// Emptying the table; what aging does over time is simulated elsewhere.
#include "control/conntrack/aging.h"

#include <gtest/gtest.h>

#include "tests/sim/conntrack.h"

namespace tg::sim {
namespace {

TEST(RemoveAllConnections, LeavesNoneOfAnyFamilyOrAge)
{
    MovedClock clock;
    SimulatedTable table(clock);
    for (std::uint32_t number = 0; number < 1000; number++) {
        const Family family = number % 2 == 0 ? Family::ipv4 : Family::ipv6;
        const auto timeout = static_cast<tg_timeout>(number % TG_TIMEOUT_COUNT);
        table.put(sample_connection(number, family, timeout, number, table.clock().now()));
    }
    clock.now += std::chrono::minutes(1);
    ASSERT_EQ(table.size(), 1000u);
    EXPECT_TRUE(remove_connections(table));
    EXPECT_EQ(table.size(), 0u);
    EXPECT_TRUE(remove_connections(table));
}

TEST(RemoveAllConnections, SaysThatTheTableCannotBeRead)
{
    const MovedClock clock;
    SimulatedTable table(clock);
    table.fail_next_read();
    EXPECT_FALSE(remove_connections(table));
}

} // namespace
} // namespace tg::sim
