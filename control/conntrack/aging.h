// SPDX-License-Identifier: Apache-2.0
// Removes overdue connections, a slice of the table at a time, by way of the sweep program, which
// judges again. Nothing depends on it but memory: the datapath ignores overdue records.
#pragma once

#include <functional>
#include <set>

#include "control/base/net.h"
#include "control/conntrack/store.h"

namespace tg {

// Removes every connection that is wanted, overdue or not; all of them if nothing says which.
// Returns how many.
Result<std::uint64_t> remove_connections(ConnectionStore &store,
                                         const maps::Connections::Wanted &wanted = {});

// Those that were given an address the host does not have any more, or not on an interface that
// runs.
Result<std::uint64_t> remove_masqueraded(ConnectionStore &store,
                                         const std::set<Address> &addresses);

class Aging {
public:
    struct Step {
        std::uint64_t looked_at = 0; // places for records, used or not
        std::uint64_t removed = 0;
        bool round_done = false; // the end of the table was reached; the next step begins anew
    };

    // What is told of every connection a round comes to; the record may be changing.
    using See = std::function<void(const tg_conn &record)>;

    // `store` must outlive it.
    explicit Aging(ConnectionStore &store, See see = {}) : store_(store), see_(std::move(see)) {}
    // Looks at the next `records` or a few more, fewer at the table's end. After an error the next
    // step begins anew.
    Result<Step> step(std::uint64_t records);

private:
    ConnectionStore &store_;
    See see_;
    maps::ConnectionCursor cursor_;
    std::vector<tg_conn> slice_;
    std::vector<tg_sweep_key> overdue_;
};

} // namespace tg
