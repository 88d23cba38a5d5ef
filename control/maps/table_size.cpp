// SPDX-License-Identifier: Apache-2.0
#include "control/maps/table_size.h"

#include <algorithm>

namespace tg::maps {

namespace {

// Records that rest after their connection has ended: enough for a full table that is opened and
// closed within a second. One of slab 0 is never used.
std::uint64_t spare(std::uint64_t connections)
{
    return 1024 + connections / 32;
}

} // namespace

TableSize table_size(std::uint64_t connections)
{
    const std::uint64_t records = connections + spare(connections);
    const std::uint64_t slabs = (records + TG_LIMIT_SLAB_RECORDS - 1) / TG_LIMIT_SLAB_RECORDS;
    const std::uint64_t heads = (connections * 5 / 2 + TG_STRIPES - 1) / TG_STRIPES * TG_STRIPES;
    return {static_cast<std::uint32_t>(std::min<std::uint64_t>(slabs, TG_LIMIT_SLABS)),
            static_cast<std::uint32_t>(
                std::clamp<std::uint64_t>(heads, TG_LIMIT_HEADS_MIN, TG_LIMIT_HEADS_MAX))};
}

TableSize table_size(const tg_bank_header &header)
{
    return table_size(std::uint64_t{header.max_connections} + header.reserve);
}

std::uint64_t table_bytes(const TableSize &size)
{
    return size.slabs * (TG_LIMIT_SLAB_RECORDS * sizeof(tg_conn) + sizeof(tg_ring)) +
           size.heads * sizeof(__u64);
}

std::uint64_t table_bytes(const tg_shape &shape)
{
    return table_bytes(TableSize{shape.slabs, tg_shape_heads(shape.indexes, 0) +
                                                  tg_shape_heads(shape.indexes, 1)});
}

std::unique_ptr<tg_ring> full_ring(std::uint32_t slab, std::uint64_t now)
{
    auto ring = std::make_unique<tg_ring>();
    const std::uint64_t long_ago = now - (std::uint64_t{1} << (TG_RING_TIME_SHIFT - 1));
    // Id 0 means none.
    for (std::uint32_t i = slab == 0 ? 1 : 0; i < TG_LIMIT_SLAB_RECORDS; i++) {
        ring->cells[ring->given++] = long_ago << TG_RING_TIME_SHIFT | i;
    }
    return ring;
}

} // namespace tg::maps
