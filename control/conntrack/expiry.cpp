// SPDX-License-Identifier: Apache-2.0
#include "control/conntrack/expiry.h"

#include "bpf/core/expiry.h"

namespace tg {

std::uint64_t ticks_left(const tg_conn &record, const Timeouts &timeouts, const TickClock &clock,
                         std::uint64_t now)
{
    const std::size_t timeout = tg_word_timeout(record.word) & (TG_TIMEOUT_SLOTS - 1);
    return tg_ticks_left(now, record.last_seen, timeouts.at(timeout), clock.ticks_per_second());
}

} // namespace tg
