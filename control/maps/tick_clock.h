// SPDX-License-Identifier: Apache-2.0
// The datapath's clock, from CLOCK_MONOTONIC, which stands still in suspend as it does, and what
// the loader has measured.
#pragma once

#include "control/base/clock.h"
#include "tidegate/control.h"

namespace tg {

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

} // namespace tg
