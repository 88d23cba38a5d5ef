// SPDX-License-Identifier: Apache-2.0
#include "control/conntrack/store.h"

#include "control/maps/instance.h"

namespace tg {

Timeouts default_timeouts()
{
    return {
#define TG_X(class_, property, seconds) seconds,
        TG_TIMEOUTS(TG_X)
#undef TG_X
    };
}

KernelConnectionStore::KernelConnectionStore(maps::Instance &maps, const Clock &clock)
    : maps_(maps), clock_(maps.layout, clock)
{
}

Result<void> KernelConnectionStore::read(maps::ConnectionCursor &cursor,
                                         std::vector<tg_conn> &slice,
                                         const maps::Connections::Wanted &wanted) const
{
    return maps_.connections.read(cursor, slice, wanted);
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
