// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/conntrack.h"

#include <algorithm>
#include <utility>

#include "bpf/core/expiry.h"
#include "bpf/core/tuple_hash.h"

namespace tg::sim {

namespace {

constexpr std::uint32_t ticks_per_second = 250;
constexpr std::uint64_t first_jiffies = (std::uint64_t{1} << 32) - 300 * ticks_per_second;

} // namespace

tg_layout sample_layout()
{
    // At boot (0 ns) the clock shows first_jiffies, so the offset is negative.
    return {TG_LAYOUT_MAGIC, TG_LAYOUT_VERSION, ticks_per_second, 0,
            0 - first_jiffies * (1'000'000'000 / ticks_per_second)};
}

tg_conn sample_connection(std::uint32_t number, Family family, tg_timeout timeout,
                          std::uint32_t generation, std::uint64_t last_seen)
{
    tg_conn record = {};
    record.word = tg_word_make(generation, static_cast<std::uint8_t>(timeout), TG_TCP_STATE_NONE,
                               TG_CONN_FLAG_CONFIRMED);
    record.last_seen = last_seen;
    record.created = last_seen;
    record.original.src = tg_addr_v4(number);
    record.original.dst = tg_addr_v4(0x01020304);
    record.original.src_port = static_cast<__be16>(number);
    record.original.dst_port = 53;
    record.original.protocol = 17;
    record.original.family = static_cast<std::uint8_t>(family);
    tg_tuple_mirror(&record.original, &record.reply);
    return record;
}

void SimulatedTable::put(const tg_conn &record)
{
    const std::uint32_t id = next_id_++;
    records_[id] = record;
    records_[id].id = id;
}

tg_conn *SimulatedTable::find(const tg_conn &like)
{
    const auto found = std::ranges::find_if(records_, [&](const auto &entry) {
        return tg_tuple_equal(&entry.second.original, &like.original);
    });
    return found == records_.end() ? nullptr : &found->second;
}

std::size_t SimulatedTable::size() const
{
    return records_.size();
}

Result<void> SimulatedTable::read(maps::ConnectionCursor &cursor, std::vector<tg_conn> &slice,
                                  const maps::Connections::Wanted &wanted) const
{
    if (std::exchange(fail_next_read_, false)) {
        return fail("the simulated kernel refuses");
    }
    slice.clear();
    auto entry = records_.lower_bound(cursor.next);
    for (; entry != records_.end() && slice.size() < maps::Connections::slice_records; entry++) {
        if (!wanted || wanted(entry->second)) {
            slice.push_back(entry->second);
        }
        cursor.next = entry->first + 1;
    }
    cursor.at_end = entry == records_.end();
    largest_slice = std::max(largest_slice, slice.size());
    return {};
}

Result<std::uint64_t> SimulatedTable::sweep(std::span<const tg_sweep_key> keys)
{
    asked_to_sweep += keys.size();
    std::uint64_t removed = 0;
    for (const tg_sweep_key &asked : keys) {
        const auto found = records_.find(asked.id);
        if (found == records_.end() || tg_word_generation(found->second.word) != asked.generation) {
            continue;
        }
        const tg_conn &record = found->second;
        if (asked.force != 0 ||
            tg_overdue(clock_.now(), record.last_seen,
                       tg_conn_timeout(&record, record.word, seconds.data()), ticks_per_second)) {
            records_.erase(found);
            removed++;
        }
    }
    return removed;
}

} // namespace tg::sim
