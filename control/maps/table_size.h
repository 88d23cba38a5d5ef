// SPDX-License-Identifier: Apache-2.0
// How much memory a connection table needs, and what new memory holds; pure.
#pragma once

#include <cstdint>
#include <memory>

#include "tidegate/chain.h"
#include "tidegate/conn.h"
#include "tidegate/control.h"

namespace tg::maps {

struct TableSize {
    std::uint32_t slabs = 0;
    std::uint32_t heads = 0; // of the index
    bool operator==(const TableSize &) const = default;
};

// Records for so many connections and for those in their grace period; five heads for two.
TableSize table_size(std::uint64_t connections);

// For as many connections as a bank admits.
TableSize table_size(const tg_bank_header &header);

// Bytes the kernel allocates for it.
std::uint64_t table_bytes(const TableSize &size);
// … of a table as it is, with both indexes while one replaces the other.
std::uint64_t table_bytes(const tg_shape &shape);

// The ring of a new slab: all its ids, given back long before `now` (jiffies).
std::unique_ptr<tg_ring> full_ring(std::uint32_t slab, std::uint64_t now);

} // namespace tg::maps
