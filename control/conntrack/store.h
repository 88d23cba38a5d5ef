// SPDX-License-Identifier: Apache-2.0
// What the views and the aging need of the connection table, and nothing more. The kernel's maps
// are one; simulations give their own, with their own time.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "control/base/clock.h"
#include "control/base/error.h"
#include "control/maps/connections.h"
#include "tidegate/control.h"
#include "tidegate/timeout.h"

namespace tg {

namespace maps {
struct Instance;
}

// Seconds, by enum tg_timeout.
using Timeouts = std::array<std::uint32_t, TG_TIMEOUT_COUNT>;

// What holds until the first commit.
Timeouts default_timeouts();

// The datapath's clock as userspace reckons it: never more than a tick off.
class TickClock {
public:
    // `clock` must outlive it.
    TickClock(const tg_layout &layout, const Clock &clock) : layout_(layout), clock_(clock) {}
    // Jiffies, as bpf_jiffies64() would return them now.
    [[nodiscard]] std::uint64_t now() const;
    [[nodiscard]] std::uint32_t ticks_per_second() const
    {
        return layout_.ticks_per_second;
    }
    // A number of ticks as a duration, rounded down.
    [[nodiscard]] Duration duration(std::uint64_t ticks) const;

private:
    tg_layout layout_;
    const Clock &clock_;
};

class ConnectionStore {
public:
    virtual ~ConnectionStore() = default;
    // The next records of the walk, possibly none; see maps::Connections::read.
    virtual Result<void> read(maps::ConnectionCursor &cursor,
                              std::vector<maps::ConnectionEntry> &slice) const = 0;
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
    Result<void> read(maps::ConnectionCursor &cursor,
                      std::vector<maps::ConnectionEntry> &slice) const override;
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
