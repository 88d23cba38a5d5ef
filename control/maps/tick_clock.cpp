// SPDX-License-Identifier: Apache-2.0
#include "control/maps/tick_clock.h"

namespace tg {

namespace {

constexpr std::uint64_t ns_per_second = 1'000'000'000;

} // namespace

// The offset may be negative (jiffies do not start at 0), so it is subtracted modulo 2^64. Whole
// seconds are converted apart, since nanoseconds times ticks would overflow.
std::uint64_t TickClock::now() const
{
    const std::uint64_t awake = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.awake()).count());
    const std::uint64_t ns = awake - layout_.awake_offset_ns;
    const std::uint64_t ticks = layout_.ticks_per_second;
    return ns / ns_per_second * ticks + ns % ns_per_second * ticks / ns_per_second;
}

Duration TickClock::duration(std::uint64_t ticks) const
{
    const std::uint64_t rate = layout_.ticks_per_second;
    return std::chrono::seconds(ticks / rate) + Duration(ticks % rate * 1000 / rate);
}

} // namespace tg
