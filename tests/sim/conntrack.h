// SPDX-License-Identifier: Apache-2.0
// A simulated connection table with its own time: records by id, a sweep program that judges by
// itself, a clock that the test moves.
#pragma once

#include <map>
#include <vector>

#include "control/conntrack/aging.h"
#include "control/conntrack/view.h"

namespace tg::sim {

// Time stands still until it is moved.
class MovedClock final : public Clock {
public:
    [[nodiscard]] Duration since_boot() const override
    {
        return now + suspended;
    }
    [[nodiscard]] Duration awake() const override
    {
        return now;
    }
    [[nodiscard]] std::chrono::system_clock::time_point wall() const override
    {
        return {};
    }
    Duration now = std::chrono::seconds(100); // but for what it was suspended
    Duration suspended = {};
};

// A kernel with 250 ticks a second, whose jiffies begin five minutes before 2^32, as Linux's do.
tg_layout sample_layout();

// A UDP connection of address number `number`, in timeout class `timeout`.
tg_conn sample_connection(std::uint32_t number, Family family, tg_timeout timeout,
                          std::uint32_t generation, std::uint64_t last_seen);

class SimulatedTable final : public ConnectionStore {
public:
    explicit SimulatedTable(const MovedClock &clock) : clock_(sample_layout(), clock) {}
    // Gives it an id of its own.
    void put(const tg_conn &record);
    // nullptr: there is none.
    tg_conn *find(const tg_conn &like);
    [[nodiscard]] std::size_t size() const;
    // The next read fails.
    void fail_next_read()
    {
        fail_next_read_ = true;
    }

    Result<void> read(maps::ConnectionCursor &cursor, std::vector<tg_conn> &slice,
                      const maps::Connections::Wanted &wanted) const override;
    Result<std::uint64_t> sweep(std::span<const tg_sweep_key> keys) override;
    [[nodiscard]] Result<Timeouts> timeouts() const override
    {
        return seconds;
    }
    [[nodiscard]] const TickClock &clock() const override
    {
        return clock_;
    }

    Timeouts seconds = default_timeouts();
    mutable std::size_t largest_slice = 0;
    std::size_t asked_to_sweep = 0;

private:
    TickClock clock_;
    std::map<std::uint32_t, tg_conn> records_; // by id
    std::uint32_t next_id_ = 0;
    mutable bool fail_next_read_ = false;
};

} // namespace tg::sim
