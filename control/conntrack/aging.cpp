// SPDX-License-Identifier: Apache-2.0
#include "control/conntrack/aging.h"

#include "control/conntrack/expiry.h"
#include "control/conntrack/view.h"

namespace tg {

Result<void> remove_all_connections(ConnectionStore &store)
{
    maps::ConnectionCursor cursor;
    std::vector<maps::ConnectionEntry> slice;
    std::vector<tg_sweep_key> keys;
    while (!cursor.at_end) {
        if (Result<void> read = store.read(cursor, slice); !read) {
            return read;
        }
        keys.clear();
        for (const maps::ConnectionEntry &entry : slice) {
            keys.push_back(sweep_key(entry.key, entry.record, true));
        }
        if (const Result<std::uint64_t> removed = store.sweep(keys); !removed) {
            return std::unexpected(removed.error());
        }
    }
    return {};
}

Result<Aging::Step> Aging::step(std::uint64_t records)
{
    const Result<Timeouts> timeouts = store_.timeouts();
    if (!timeouts) {
        return std::unexpected(timeouts.error());
    }
    Step step;
    while (step.looked_at < records && !step.round_done) {
        if (const Result<void> read = store_.read(cursor_, slice_); !read) {
            cursor_ = {};
            return std::unexpected(read.error());
        }
        const std::uint64_t now = store_.clock().now();
        overdue_.clear();
        for (const maps::ConnectionEntry &entry : slice_) {
            if (ticks_left(entry.record, *timeouts, store_.clock(), now) == 0) {
                overdue_.push_back(sweep_key(entry.key, entry.record, false));
            }
        }
        const Result<std::uint64_t> removed = store_.sweep(overdue_);
        if (!removed) {
            cursor_ = {};
            return std::unexpected(removed.error());
        }
        step.looked_at += slice_.size();
        step.removed += *removed;
        step.round_done = cursor_.at_end;
    }
    if (step.round_done) {
        cursor_ = {};
    }
    return step;
}

} // namespace tg
