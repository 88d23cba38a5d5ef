// SPDX-License-Identifier: Apache-2.0
#include "control/conntrack/store.h"

#include <algorithm>

#include "control/maps/instance.h"

namespace tg {

namespace {

constexpr std::uint64_t ns_per_second = 1'000'000'000;

} // namespace

Timeouts default_timeouts()
{
    return {
#define TG_X(class_, property, seconds) seconds,
        TG_TIMEOUTS(TG_X)
#undef TG_X
    };
}

// The offset may be negative (jiffies do not start at 0), so it is subtracted modulo 2^64. Whole
// seconds are converted apart, since nanoseconds times ticks would overflow.
std::uint64_t TickClock::now() const
{
    const std::uint64_t since_boot = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.since_boot()).count());
    const std::uint64_t ns = since_boot - layout_.boottime_offset_ns;
    const std::uint64_t ticks = layout_.ticks_per_second;
    return ns / ns_per_second * ticks + ns % ns_per_second * ticks / ns_per_second;
}

Duration TickClock::duration(std::uint64_t ticks) const
{
    const std::uint64_t rate = layout_.ticks_per_second;
    return std::chrono::seconds(ticks / rate) + Duration(ticks % rate * 1000 / rate);
}

KernelConnectionStore::KernelConnectionStore(maps::Instance &maps, const Clock &clock)
    : maps_(maps), clock_(maps.layout, clock)
{
}

Result<void> KernelConnectionStore::read(maps::ConnectionCursor &cursor,
                                         std::vector<maps::ConnectionEntry> &slice) const
{
    return maps_.connections.read(cursor, slice);
}

Result<std::uint64_t> KernelConnectionStore::sweep(std::span<const tg_sweep_key> keys)
{
    return maps_.sweep.run(keys);
}

Result<Timeouts> KernelConnectionStore::timeouts() const
{
    const Result<std::uint64_t> bank = maps_.control.bank();
    if (!bank) {
        return std::unexpected(bank.error());
    }
    if (*bank == 0) {
        return default_timeouts();
    }
    const Result<tg_bank_header> header = maps_.banks.header(*bank);
    if (!header) {
        return std::unexpected(header.error());
    }
    return std::to_array(header->timeouts);
}

} // namespace tg
