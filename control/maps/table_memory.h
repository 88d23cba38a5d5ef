// SPDX-License-Identifier: Apache-2.0
// The memory of the connection table: slabs of records with the rings of their free ids, and the
// index. It grows and shrinks while packets use it, and nothing is lost; the order of the steps is
// such that another process can go on wherever this one died.
#pragma once

#include <memory>

#include "control/maps/map.h"
#include "control/maps/mapping.h"
#include "control/maps/table_size.h"
#include "tidegate/control.h"

namespace tg::maps {

class TableMemory {
public:
    // Heads of the index that one call of step moves.
    static constexpr std::uint32_t step_heads = 16384;

    static Result<TableMemory> open(const std::filesystem::path &bpffs);

    // As it is now.
    [[nodiscard]] tg_shape shape() const;
    // The size new connections are admitted for.
    [[nodiscard]] TableSize size() const;

    // The first memory of a table; nothing happens if it has some. `now` in jiffies.
    Result<void> create(const TableSize &size, std::uint64_t seed, std::uint64_t now);
    // From when it returns, new connections find at least the memory of `size`; what there is
    // stays. An index that has to be larger is made by step.
    // Error: there is not so much memory; nothing has changed for packets.
    Result<void> grow(const TableSize &size, std::uint64_t now);
    // The same, and what is more than `size` is given back, by step too.
    Result<void> resize(const TableSize &size, std::uint64_t now);
    // A slice of what grow and resize have left to do; false: there is nothing to do now.
    // `connections` are in the table: an index that is too small for them waits until they are
    // fewer.
    Result<bool> step(std::uint64_t connections);

private:
    TableMemory(PinnedMap slabs, PinnedMap rings, PinnedMap indexes, Mapping shape,
                std::filesystem::path programs)
        : slabs_(std::move(slabs)), rings_(std::move(rings)), indexes_(std::move(indexes)),
          shape_(std::move(shape)), programs_(std::move(programs))
    {
    }
    Result<void> add_slab(std::uint64_t now);
    Result<void> add_index(std::uint32_t index, std::uint32_t count);
    Result<void> begin_move();
    Result<void> move_slice();
    Result<void> end_move();
    // Removes the last slab, which is closed, if all its records are free; false: they are not.
    Result<bool> remove_slab();
    Result<bool> slab_is_free(std::uint32_t slab) const;
    void publish(__u64 indexes);

    PinnedMap slabs_;
    PinnedMap rings_;
    PinnedMap indexes_;
    Mapping shape_;
    std::filesystem::path programs_; // where they are pinned
    Fd move_;                        // the move program, once it is needed
    std::uint32_t wanted_heads_ = 0; // of the index, as resize was told; 0: as they are
    std::uint32_t moved_ = 0;        // heads of the index that is left
    std::uint32_t left_behind_ = 0;  // of them, those that could not be emptied in this round
    bool moving_ = false;            // this process has begun the round
    bool closed_ = false;            // no packet takes records from closed slabs any more
};

} // namespace tg::maps
