// SPDX-License-Identifier: Apache-2.0
// Hours of connections in seconds: they come, are refreshed or not, age and go. An expectation
// kept beside, in milliseconds and without the product's code, says when each has to.
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "tests/sim/conntrack.h"

namespace tg::sim {
namespace {

using Random = std::mt19937_64;
using namespace std::chrono_literals;

constexpr Duration tick = 4ms;

std::uint64_t below(Random &random, std::uint64_t limit)
{
    return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(random);
}

struct Expected {
    tg_conn record;
    Duration over; // from then on it is overdue
};

// One simulated host from start to end.
class Life {
public:
    explicit Life(std::uint64_t seed) : random_(seed), table_(clock_), aging_(table_) {}

    void run(Duration length)
    {
        const Duration end = clock_.now + length;
        while (clock_.now < end && !::testing::Test::HasFailure()) {
            clock_.now += step;
            open_some();
            refresh_some();
            age();
            check();
        }
    }
    [[nodiscard]] std::uint64_t removed() const
    {
        return removed_;
    }

private:
    static constexpr Duration step = 500ms;

    Duration timeout_of(const tg_conn &record)
    {
        return std::chrono::seconds(table_.seconds[tg_word_timeout(record.word)]);
    }
    void open_some()
    {
        for (std::uint64_t i = below(random_, 40); i > 0; i--) {
            const auto timeout = static_cast<tg_timeout>(below(random_, TG_TIMEOUT_COUNT));
            const Family family = below(random_, 2) == 0 ? Family::ipv4 : Family::ipv6;
            opened_++;
            const tg_conn record =
                sample_connection(opened_, family, timeout, opened_, table_.clock().now());
            table_.put(record);
            expected_[opened_] = {record, clock_.now + timeout_of(record)};
        }
    }
    // A packet finds its connection only if it is not overdue; otherwise nothing is refreshed.
    void refresh_some()
    {
        for (std::uint64_t i = below(random_, 20); i > 0 && opened_ > 0; i--) {
            const auto found =
                expected_.find(static_cast<std::uint32_t>(1 + below(random_, opened_)));
            if (found == expected_.end() || found->second.over <= clock_.now) {
                continue;
            }
            tg_conn *record = table_.find(found->second.record);
            ASSERT_NE(record, nullptr) << "a living connection is gone";
            record->last_seen = table_.clock().now();
            found->second.over = clock_.now + timeout_of(*record);
        }
    }
    void age()
    {
        const Result<Aging::Step> aged = aging_.step(2000);
        ASSERT_TRUE(aged.has_value());
        removed_ += aged->removed;
        since_round_ = aged->round_done ? 0ms : since_round_ + step;
        ASSERT_LE(since_round_, 10s) << "a round over the table takes too long";
    }
    // The views show exactly what is expected to live; what is overdue goes within two rounds.
    void check()
    {
        std::map<std::uint64_t, Duration> shown;
        for (const Family family : {Family::ipv4, Family::ipv6}) {
            const auto visited =
                visit_connections(table_, family, [&](const Connection &connection) {
                    shown[name_of(connection.record).generation] = connection.timeout_left;
                    return true;
                });
            ASSERT_TRUE(visited.has_value());
        }
        std::size_t living = 0;
        for (auto one = expected_.begin(); one != expected_.end();) {
            const Duration left = one->second.over - clock_.now;
            const auto seen = shown.find(one->first);
            living += left > 0ms ? 1 : 0;
            ASSERT_EQ(seen != shown.end(), left > 0ms) << "connection " << one->first;
            if (left > 0ms) {
                ASSERT_LE(seen->second, left);
                ASSERT_GE(seen->second, left - tick);
            }
            one = left < -20s ? expect_gone(one) : std::next(one);
        }
        ASSERT_EQ(shown.size(), living);
        const Result<ConnectionCounts> counts = count_connections(table_);
        ASSERT_TRUE(counts.has_value());
        ASSERT_EQ(counts->total(), living);
        ASSERT_EQ(counts->total() + counts->overdue, table_.size());
    }
    std::map<std::uint32_t, Expected>::iterator
    expect_gone(std::map<std::uint32_t, Expected>::iterator one)
    {
        EXPECT_EQ(table_.find(one->second.record), nullptr) << "an overdue one was not removed";
        return expected_.erase(one);
    }

    Random random_;
    MovedClock clock_;
    SimulatedTable table_;
    Aging aging_;
    std::map<std::uint32_t, Expected> expected_;
    std::uint32_t opened_ = 0;
    std::uint64_t removed_ = 0;
    Duration since_round_ = 0ms;
};

TEST(SimAging, SeededHours)
{
    const char *const longer = std::getenv("TG_LONG");
    const std::uint64_t seeds = longer != nullptr && *longer == '1' ? 50 : 3;
    std::uint64_t removed = 0;
    for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); seed++) {
        SCOPED_TRACE(seed);
        Life life(seed);
        life.run(20min);
        removed += life.removed();
    }
    EXPECT_GT(removed, 10000 * seeds);
}

// A day without a packet; jiffies pass 2^32 on the way.
TEST(SimAging, EstablishedLivesADayAndNotATickLonger)
{
    MovedClock clock;
    SimulatedTable table(clock);
    Aging aging(table);
    const tg_conn record =
        sample_connection(1, Family::ipv4, TG_TIMEOUT_TCP_ESTABLISHED, 1, table.clock().now());
    table.put(record);
    const Duration opened = clock.now;
    for (const Duration age :
         {Duration(0ms), Duration(299s), Duration(301s), Duration(12h), Duration(24h - tick)}) {
        clock.now = opened + age;
        EXPECT_EQ(aging.step(100)->removed, 0u);
        EXPECT_EQ(count_connections(table)->total(), 1u);
    }
    clock.now = opened + 24h;
    EXPECT_EQ(count_connections(table)->total(), 0u);
    EXPECT_EQ(count_connections(table)->overdue, 1u);
    EXPECT_EQ(aging.step(100)->removed, 1u);
    EXPECT_EQ(table.size(), 0u);
}

} // namespace
} // namespace tg::sim
