// SPDX-License-Identifier: Apache-2.0
#include "control/conntrack/aging.h"

#include "control/conntrack/expiry.h"
#include "control/conntrack/view.h"

namespace tg {

namespace {

// Whoever ended it could not take it out of the table; the sweep program can.
bool unfinished(const tg_conn &record)
{
    return (tg_word_flags(record.word) & TG_CONN_UNFINISHED) != 0;
}

} // namespace

Result<std::uint64_t> remove_connections(ConnectionStore &store,
                                         const maps::Connections::Wanted &wanted)
{
    maps::ConnectionCursor cursor;
    std::vector<tg_conn> slice;
    std::vector<tg_sweep_key> keys;
    std::uint64_t count = 0;
    while (!cursor.at_end) {
        if (const Result<void> read = store.read(cursor, slice, wanted); !read) {
            return std::unexpected(read.error());
        }
        keys.clear();
        for (const tg_conn &record : slice) {
            keys.push_back(sweep_key(name_of(record), true));
        }
        const Result<std::uint64_t> removed = store.sweep(keys);
        if (!removed) {
            return removed;
        }
        count += *removed;
    }
    return count;
}

Result<std::uint64_t> remove_masqueraded(ConnectionStore &store, const std::set<Address> &addresses)
{
    return remove_connections(store, [&](const tg_conn &record) {
        return (tg_word_flags(record.word) & TG_CONN_MASQUERADED) != 0 &&
               !addresses.contains(Address{record.reply.dst});
    });
}

Result<Aging::Step> Aging::step(std::uint64_t records)
{
    const Result<Timeouts> timeouts = store_.timeouts();
    if (!timeouts) {
        return std::unexpected(timeouts.error());
    }
    Step step;
    while (step.looked_at < records && !step.round_done) {
        const std::uint64_t now = store_.clock().now();
        const std::uint32_t first = cursor_.next;
        const Result<void> read = store_.read(cursor_, slice_, [&](const tg_conn &record) {
            if (see_) {
                see_(record);
            }
            return unfinished(record) || ticks_left(record, *timeouts, store_.clock(), now) == 0;
        });
        if (!read) {
            cursor_ = {};
            return std::unexpected(read.error());
        }
        overdue_.clear();
        for (const tg_conn &record : slice_) {
            overdue_.push_back(sweep_key(name_of(record), false));
        }
        const Result<std::uint64_t> removed = store_.sweep(overdue_);
        if (!removed) {
            cursor_ = {};
            return std::unexpected(removed.error());
        }
        step.looked_at += cursor_.next - first;
        step.removed += *removed;
        step.round_done = cursor_.at_end;
    }
    if (step.round_done) {
        cursor_ = {};
    }
    return step;
}

} // namespace tg
