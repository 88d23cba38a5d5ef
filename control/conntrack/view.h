// SPDX-License-Identifier: Apache-2.0
// Read-only views of the living connections: overdue ones are as absent as to the datapath.
#pragma once

#include <functional>

#include "control/config/runtime.h"
#include "control/conntrack/store.h"

namespace tg {

// A record as it stands at `now`, with `left` ticks to live.
Connection view_of(const tg_conn &record, const TickClock &clock, std::uint64_t now,
                   std::uint64_t left);

// Until it returns false.
using VisitConnection = std::function<bool(const Connection &connection)>;

// Every connection of the family, in no order; memory stays bounded whatever the table's size.
Result<void> visit_connections(const ConnectionStore &store, Family family,
                               const VisitConnection &visit);

struct ConnectionCounts {
    std::array<std::uint64_t, TG_FAMILY_COUNT> living = {}; // by family
    std::uint64_t overdue = 0;                              // in the table, not swept yet

    [[nodiscard]] std::uint64_t total() const
    {
        return living[TG_FAMILY_IPV4] + living[TG_FAMILY_IPV6];
    }
};

// Walks the whole table.
Result<ConnectionCounts> count_connections(const ConnectionStore &store);

// What the sweep program is told about one record.
tg_sweep_key sweep_key(const ConnectionName &connection, bool force);

} // namespace tg
