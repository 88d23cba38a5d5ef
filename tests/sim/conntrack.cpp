// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/conntrack.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "bpf/core/expiry.h"
#include "bpf/core/tuple_ops.h"

namespace tg::sim {

namespace {

constexpr std::uint32_t ticks_per_second = 250;
constexpr std::uint64_t first_jiffies = (std::uint64_t{1} << 32) - 300 * ticks_per_second;

bool same_key(const tg_conn_key &a, const tg_conn_key &b)
{
    return std::memcmp(&a, &b, sizeof a) == 0;
}

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

SimulatedTable::Bucket &SimulatedTable::bucket_of(const tg_conn_key &key)
{
    const std::string_view bytes(reinterpret_cast<const char *>(&key), sizeof key);
    return buckets_[std::hash<std::string_view>()(bytes) % buckets_.size()];
}

void SimulatedTable::put(const tg_conn &record)
{
    tg_conn_key key = {};
    tg_tuple_key(&record.original, &key);
    bucket_of(key).push_back({key, record});
}

tg_conn *SimulatedTable::find(const tg_conn &like)
{
    tg_conn_key key = {};
    tg_tuple_key(&like.original, &key);
    for (maps::ConnectionEntry &entry : bucket_of(key)) {
        if (same_key(entry.key, key)) {
            return &entry.record;
        }
    }
    return nullptr;
}

std::size_t SimulatedTable::size() const
{
    std::size_t sum = 0;
    for (const Bucket &bucket : buckets_) {
        sum += bucket.size();
    }
    return sum;
}

Result<void> SimulatedTable::read(maps::ConnectionCursor &cursor,
                                  std::vector<maps::ConnectionEntry> &slice) const
{
    if (std::exchange(fail_next_read_, false)) {
        return fail("the simulated kernel refuses");
    }
    slice.clear();
    std::uint32_t bucket = 0;
    if (cursor.started) {
        std::memcpy(&bucket, cursor.token.data(), sizeof bucket);
    }
    for (; bucket < buckets_.size() && slice.size() < maps::Connections::slice_records; bucket++) {
        slice.insert(slice.end(), buckets_[bucket].begin(), buckets_[bucket].end());
    }
    std::memcpy(cursor.token.data(), &bucket, sizeof bucket);
    cursor.started = true;
    cursor.at_end = bucket == buckets_.size();
    largest_slice = std::max(largest_slice, slice.size());
    return {};
}

Result<std::uint64_t> SimulatedTable::sweep(std::span<const tg_sweep_key> keys)
{
    asked_to_sweep += keys.size();
    std::uint64_t removed = 0;
    for (const tg_sweep_key &asked : keys) {
        removed += std::erase_if(bucket_of(asked.key), [&](const maps::ConnectionEntry &entry) {
            return same_key(entry.key, asked.key) &&
                   tg_word_generation(entry.record.word) == asked.generation &&
                   (asked.force != 0 ||
                    tg_overdue(clock_.now(), entry.record.last_seen,
                               seconds[tg_word_timeout(entry.record.word)], ticks_per_second));
        });
    }
    return removed;
}

} // namespace tg::sim
