// SPDX-License-Identifier: Apache-2.0
// How long a record has still to live, by the datapath's own definition.
#pragma once

#include "control/conntrack/store.h"

namespace tg {

// 0: overdue at `now`.
std::uint64_t ticks_left(const tg_conn &record, const Timeouts &timeouts, const TickClock &clock,
                         std::uint64_t now);

} // namespace tg
