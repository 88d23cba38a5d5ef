// SPDX-License-Identifier: Apache-2.0
// One connection out of a datapath's table, by its tuple and without a look at all the others.
#pragma once

#include <optional>

#include "bpf/core/tuple_hash.h"
#include "tests/harness/datapath.h"

namespace tg::test {

// The connection that has the tuple in one of its directions. The table must not be growing.
inline std::optional<tg_conn> find_connection(const Datapath &datapath, const tg_tuple &tuple)
{
    const std::uint64_t hash = tg_tuple_hash(&tuple, one_slab.seed);
    std::uint32_t reference = static_cast<std::uint32_t>(
        datapath.head(tg_head_number(hash, tg_shape_heads(one_slab.indexes, 0))));
    while ((reference & TG_REFERENCE_MASK) != 0) {
        const tg_conn record = datapath.record((reference & TG_REFERENCE_MASK) >> 1);
        if (is_connection(record) &&
            (tg_tuple_equal(&record.original, &tuple) || tg_tuple_equal(&record.reply, &tuple))) {
            return record;
        }
        reference = (reference & 1) == TG_REPLY ? record.reply_next[0] : record.original_next[0];
    }
    return std::nullopt;
}

} // namespace tg::test
