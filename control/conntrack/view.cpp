// SPDX-License-Identifier: Apache-2.0
#include "control/conntrack/view.h"

#include "bpf/core/throughput.h"
#include "control/conntrack/expiry.h"

namespace tg {

namespace {

// Every record of the table with the ticks it has left, until `visit` returns false.
template <class Visit> Result<void> walk(const ConnectionStore &store, const Visit &visit)
{
    const Result<Timeouts> timeouts = store.timeouts();
    if (!timeouts) {
        return std::unexpected(timeouts.error());
    }
    maps::ConnectionCursor cursor;
    std::vector<tg_conn> slice;
    while (!cursor.at_end) {
        if (Result<void> read = store.read(cursor, slice, {}); !read) {
            return read;
        }
        const std::uint64_t now = store.clock().now();
        for (const tg_conn &record : slice) {
            if (!visit(record, now, ticks_left(record, *timeouts, store.clock(), now))) {
                return {};
            }
        }
    }
    return {};
}

} // namespace

Connection view_of(const tg_conn &record, const TickClock &clock, std::uint64_t now,
                   std::uint64_t left)
{
    constexpr std::uint64_t bits = 8;
    const std::uint32_t ticks = clock.ticks_per_second();
    return {.record = record,
            .timeout_left = clock.duration(left),
            .rates = {bits * tg_throughput_now(&record, TG_ORIGINAL, now, ticks),
                      bits * tg_throughput_now(&record, TG_REPLY, now, ticks)}};
}

Result<void> visit_connections(const ConnectionStore &store, Family family,
                               const VisitConnection &visit)
{
    return walk(store, [&](const tg_conn &record, std::uint64_t now, std::uint64_t left) {
        if (left == 0 || record.original.family != static_cast<std::uint8_t>(family)) {
            return true;
        }
        return visit(view_of(record, store.clock(), now, left));
    });
}

Result<ConnectionCounts> count_connections(const ConnectionStore &store)
{
    ConnectionCounts counts;
    const Result<void> walked =
        walk(store, [&](const tg_conn &record, std::uint64_t /*now*/, std::uint64_t left) {
            if (left == 0) {
                counts.overdue++;
            } else if (record.original.family < TG_FAMILY_COUNT) {
                counts.living[record.original.family]++;
            }
            return true;
        });
    if (!walked) {
        return std::unexpected(walked.error());
    }
    return counts;
}

tg_sweep_key sweep_key(const ConnectionName &connection, bool force)
{
    return {connection.record, connection.generation, force ? 1u : 0u, 0};
}

} // namespace tg
