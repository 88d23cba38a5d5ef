// SPDX-License-Identifier: Apache-2.0
// The clock, time left, views and sweep keys of connections, at their edges.
#include <cstring>

#include <gtest/gtest.h>

#include "control/conntrack/expiry.h"
#include "tests/sim/conntrack.h"

namespace tg::sim {
namespace {

using namespace std::chrono_literals;

struct ClockCase {
    std::uint32_t ticks_per_second;
    std::int64_t offset_ns;
    Duration awake;
    std::uint64_t jiffies;
};

TEST(TickClock, IsTheKernelsReckoning)
{
    constexpr ClockCase cases[] = {
        {1000, 0, 5s, 5000},
        {250, 0, 5s, 1250},
        {100, 0, 19ms, 1},
        {300, 0, 1s, 300},
        {250, -1'000'000'000, 0s, 250},
        {1000, -4'294'667'296'000'000, 0s, 4'294'667'296},
        // Ten years: nanoseconds times ticks would not fit 64 bits.
        {1000, -4'294'667'296'000'000, std::chrono::hours(87600), 4'294'667'296 + 315'360'000'000},
    };
    for (const ClockCase &row : cases) {
        MovedClock clock;
        clock.now = row.awake;
        const tg_layout layout = {TG_LAYOUT_MAGIC, TG_LAYOUT_VERSION, row.ticks_per_second, 0,
                                  static_cast<std::uint64_t>(row.offset_ns)};
        EXPECT_EQ(TickClock(layout, clock).now(), row.jiffies) << row.ticks_per_second;
    }
}

TEST(TickClock, StandsStillInSuspend)
{
    MovedClock clock;
    const TickClock ticks(sample_layout(), clock);
    const std::uint64_t before = ticks.now();
    clock.suspended = 8h;
    EXPECT_EQ(ticks.now(), before);
    clock.now += 1s;
    EXPECT_EQ(ticks.now(), before + 250);
}

TEST(TickClock, DurationsAreRoundedDown)
{
    const MovedClock clock;
    const TickClock ticks(sample_layout(), clock);
    EXPECT_EQ(ticks.duration(0), 0ms);
    EXPECT_EQ(ticks.duration(1), 4ms);
    EXPECT_EQ(ticks.duration(250), 1s);
    EXPECT_EQ(ticks.duration(24ull * 3600 * 250 + 1), 24h + 4ms);
}

TEST(TicksLeft, EveryClassHasItsOwnTimeout)
{
    const MovedClock clock;
    const TickClock ticks(sample_layout(), clock);
    const std::uint64_t now = ticks.now();
    for (int timeout = 0; timeout < TG_TIMEOUT_COUNT; timeout++) {
        Timeouts timeouts = {};
        timeouts[static_cast<std::size_t>(timeout)] = 7;
        tg_conn record =
            sample_connection(1, Family::ipv4, static_cast<tg_timeout>(timeout), 1, now);
        EXPECT_EQ(ticks_left(record, timeouts, ticks, now), 7 * 250u) << timeout;
        record.last_seen = now - 7 * 250 + 1;
        EXPECT_EQ(ticks_left(record, timeouts, ticks, now), 1u);
        record.last_seen = now - 7 * 250;
        EXPECT_EQ(ticks_left(record, timeouts, ticks, now), 0u);
        // Another CPU's tick has come a little earlier.
        record.last_seen = now + 1;
        EXPECT_EQ(ticks_left(record, timeouts, ticks, now), 7 * 250u);
    }
}

TEST(TicksLeft, AnUnknownClassHasNoTime)
{
    const MovedClock clock;
    const TickClock ticks(sample_layout(), clock);
    const tg_conn record = sample_connection(1, Family::ipv4, TG_TIMEOUT_COUNT, 1, ticks.now());
    EXPECT_EQ(ticks_left(record, default_timeouts(), ticks, ticks.now()), 0u);
}

TEST(Views, ShowOneFamilyAndStopWhenTold)
{
    MovedClock clock;
    SimulatedTable table(clock);
    const std::uint64_t now = table.clock().now();
    for (std::uint32_t i = 1; i <= 30; i++) {
        table.put(sample_connection(i, i % 3 == 0 ? Family::ipv6 : Family::ipv4, TG_TIMEOUT_UDP, i,
                                    now - (i == 1 ? 30 * 250 : 0)));
    }
    const ConnectionCounts counts = count_connections(table).value();
    EXPECT_EQ(counts.living[TG_FAMILY_IPV4], 19u);
    EXPECT_EQ(counts.living[TG_FAMILY_IPV6], 10u);
    EXPECT_EQ(counts.overdue, 1u);
    int seen = 0;
    const auto visited = visit_connections(table, Family::ipv6, [&](const Connection &connection) {
        EXPECT_EQ(connection.record.original.family, TG_FAMILY_IPV6);
        EXPECT_EQ(connection.timeout_left, 30s);
        return ++seen < 4;
    });
    EXPECT_TRUE(visited.has_value());
    EXPECT_EQ(seen, 4);
}

TEST(Views, AnErrorIsHandedOn)
{
    MovedClock clock;
    SimulatedTable table(clock);
    table.fail_next_read();
    EXPECT_FALSE(count_connections(table).has_value());
}

TEST(SweepKey, NamesTheRecordAndItsLife)
{
    tg_conn record = sample_connection(9, Family::ipv4, TG_TIMEOUT_UDP, 0xfffffff0, 1);
    record.id = 77;
    const tg_sweep_key key = sweep_key(name_of(record), true);
    EXPECT_EQ(key.id, 77u);
    EXPECT_EQ(key.generation, 0xfffffff0u);
    EXPECT_EQ(key.force, 1u);
    EXPECT_EQ(sweep_key(name_of(record), false).force, 0u);
}

TEST(Aging, StepsAreBounded)
{
    MovedClock clock;
    SimulatedTable table(clock);
    for (std::uint32_t i = 1; i <= 5000; i++) {
        table.put(sample_connection(i, Family::ipv4, TG_TIMEOUT_UDP, i, table.clock().now()));
    }
    clock.now += 30s;
    Aging aging(table);
    const Aging::Step first = aging.step(1).value();
    EXPECT_EQ(first.looked_at, maps::Connections::slice_records);
    EXPECT_EQ(first.removed, first.looked_at);
    EXPECT_FALSE(first.round_done);
    const Aging::Step rest = aging.step(1000000).value();
    EXPECT_TRUE(rest.round_done);
    EXPECT_EQ(first.looked_at + rest.looked_at, 5000u);
    EXPECT_EQ(table.size(), 0u);
    EXPECT_EQ(table.largest_slice, maps::Connections::slice_records);
}

TEST(Aging, OnlyOverdueOnesAreSubmitted)
{
    MovedClock clock;
    SimulatedTable table(clock);
    table.put(sample_connection(1, Family::ipv4, TG_TIMEOUT_UDP, 1, table.clock().now()));
    table.put(sample_connection(2, Family::ipv4, TG_TIMEOUT_GENERIC, 2, table.clock().now()));
    clock.now += 30s;
    Aging aging(table);
    EXPECT_EQ(aging.step(100)->removed, 1u);
    EXPECT_EQ(table.asked_to_sweep, 1u);
}

TEST(Aging, BeginsAnewAfterAnError)
{
    MovedClock clock;
    SimulatedTable table(clock);
    Aging aging(table);
    table.fail_next_read();
    EXPECT_FALSE(aging.step(100).has_value());
    EXPECT_TRUE(aging.step(100)->round_done);
}

} // namespace
} // namespace tg::sim
