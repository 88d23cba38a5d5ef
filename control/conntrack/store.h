// SPDX-License-Identifier: Apache-2.0
// What the views and the aging need of the connection table, and nothing more. The kernel's maps
// are one; simulations give their own, with their own time.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "control/base/error.h"
#include "control/maps/connections.h"
#include "control/maps/tick_clock.h"
#include "tidegate/timeout.h"

namespace tg {

namespace maps {
struct Instance;
}

// Seconds, by enum tg_timeout.
using Timeouts = std::array<std::uint32_t, TG_TIMEOUT_SLOTS>;

// What holds until the first commit.
Timeouts default_timeouts();

class ConnectionStore {
public:
    virtual ~ConnectionStore() = default;
    // The next records of the walk, possibly none; see maps::Connections::read.
    virtual Result<void> read(maps::ConnectionCursor &cursor, std::vector<tg_conn> &slice,
                              const maps::Connections::Wanted &wanted) const = 0;
    // What the sweep program removed.
    virtual Result<std::uint64_t> sweep(std::span<const tg_sweep_key> keys) = 0;
    // Of the bank in force.
    [[nodiscard]] virtual Result<Timeouts> timeouts() const = 0;
    [[nodiscard]] virtual const TickClock &clock() const = 0;
};

// The pinned maps of an instance; both must outlive it.
class KernelConnectionStore final : public ConnectionStore {
public:
    KernelConnectionStore(maps::Instance &maps, const Clock &clock);
    Result<void> read(maps::ConnectionCursor &cursor, std::vector<tg_conn> &slice,
                      const maps::Connections::Wanted &wanted) const override;
    Result<std::uint64_t> sweep(std::span<const tg_sweep_key> keys) override;
    [[nodiscard]] Result<Timeouts> timeouts() const override;
    [[nodiscard]] const TickClock &clock() const override
    {
        return clock_;
    }

private:
    maps::Instance &maps_;
    TickClock clock_;
};

} // namespace tg
