// SPDX-License-Identifier: Apache-2.0
#include "control/conntrack/expiry.h"

#include "bpf/core/expiry.h"

namespace tg {

std::uint64_t ticks_left(const tg_conn &record, const Timeouts &timeouts, const TickClock &clock,
                         std::uint64_t now)
{
    // An unknown class counts as generic, as it does for the datapath.
    std::size_t timeout = tg_word_timeout(record.word);
    if (timeout >= timeouts.size()) {
        timeout = TG_TIMEOUT_GENERIC;
    }
    return tg_ticks_left(now, record.last_seen, timeouts[timeout], clock.ticks_per_second());
}

} // namespace tg
