// SPDX-License-Identifier: Apache-2.0
#include "control/conntrack/expiry.h"

#include "bpf/core/expiry.h"

namespace tg {

std::uint64_t ticks_left(const tg_conn &record, const Timeouts &timeouts, const TickClock &clock,
                         std::uint64_t now)
{
    return tg_ticks_left(now, record.last_seen,
                         tg_conn_timeout(&record, record.word, timeouts.data()),
                         clock.ticks_per_second());
}

} // namespace tg
