// SPDX-License-Identifier: Apache-2.0
// The connection table as the agent sees it: the slabs mapped read-only and copied in slices of
// bounded memory, records removed by the sweep program only. Knows nothing of timeouts.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "control/maps/map.h"
#include "control/maps/mapping.h"
#include "tidegate/conn.h"

namespace tg::maps {

// Where a walk over the table stands. A fresh one begins at the start; after the last slice it is
// at the end. Valid however much the table changes meanwhile: a record that stays is seen once.
struct ConnectionCursor {
    std::uint32_t next = 0; // id
    bool at_end = false;
};

class Connections {
public:
    // Most records of a slice.
    static constexpr std::uint32_t slice_records = 1024;

    static Result<Connections> open(const std::filesystem::path &bpffs);
    // Replaces `slice` by the next records that are connections, possibly none; cursor.at_end
    // tells the last. One slice may have looked at a whole slab. Those that `wanted` refuses, by
    // what it sees of a record that may be changing, are not copied.
    using Wanted = std::function<bool(const tg_conn &record)>;
    Result<void> read(ConnectionCursor &cursor, std::vector<tg_conn> &slice,
                      const Wanted &wanted = {}) const;

private:
    using Slab = std::shared_ptr<const Mapping>;
    // What is mapped, shared by the threads that read.
    struct Views {
        struct View {
            std::uint32_t map = 0; // its id
            Slab slab;
        };
        std::mutex mutex;
        std::vector<View> slabs;
    };

    explicit Connections(PinnedMap slabs) : slabs_(std::move(slabs)) {}
    // The records of a slab; nullptr: there is no such slab.
    [[nodiscard]] Result<Slab> records(std::uint32_t slab) const;
    // … of the slab that the map of this id is; nullptr: the map is gone.
    [[nodiscard]] Result<Slab> view(std::uint32_t slab, std::uint32_t map) const;

    PinnedMap slabs_;
    std::unique_ptr<Views> views_ = std::make_unique<Views>();
};

// The pinned sweep program, run on demand.
class SweepProgram {
public:
    static Result<SweepProgram> open(const std::filesystem::path &bpffs);
    // Removes what the keys ask for; how many were removed. Any number of keys, in runs of at most
    // TG_LIMIT_SWEEP_KEYS.
    Result<std::uint64_t> run(std::span<const tg_sweep_key> keys) const;

private:
    explicit SweepProgram(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

} // namespace tg::maps
