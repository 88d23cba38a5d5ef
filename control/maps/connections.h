// SPDX-License-Identifier: Apache-2.0
// The connection table as the agent sees it: read in slices of bounded memory, records removed by
// the sweep program only. Knows nothing of timeouts.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "control/maps/map.h"
#include "tidegate/conn.h"

namespace tg::maps {

struct ConnectionEntry {
    tg_conn_key key;
    tg_conn record;
};

// Where a walk over the table stands. A fresh one begins at the start; after the last slice it is
// at the end. Valid however much the table changes meanwhile: a record that stays is seen once.
struct ConnectionCursor {
    std::array<std::uint8_t, sizeof(tg_conn_key)> token = {};
    bool started = false;
    bool at_end = false;
};

class Connections {
public:
    // Records a slice holds normally, and the most it grows to when many share one hash bucket.
    static constexpr std::uint32_t slice_records = 1024;
    static constexpr std::uint32_t slice_records_max = 65536;

    static Result<Connections> open(const std::filesystem::path &bpffs);
    // Replaces `slice` by the next records, possibly none; cursor.at_end tells the last.
    Result<void> read(ConnectionCursor &cursor, std::vector<ConnectionEntry> &slice) const;

private:
    explicit Connections(PinnedMap map) : map_(std::move(map)) {}
    PinnedMap map_;
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
