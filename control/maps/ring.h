// SPDX-License-Identifier: Apache-2.0
// The rings in which the datapath tells the agent something; each for one reader. Knows nothing of
// what is told.
#pragma once

#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <span>

#include "control/maps/map.h"
#include "tidegate/event.h"
#include "tidegate/log.h"

struct ring_buffer;

namespace tg::maps {

// A ring of records of whatever kind.
class RecordRing {
public:
    using Each = std::function<void(std::span<const std::byte> record)>;
    static Result<RecordRing> open(const std::filesystem::path &bpffs, const char *name);
    [[nodiscard]] int fd() const;
    Result<std::size_t> read(std::size_t most, const Each &each);

private:
    // Where the ring's callback finds what it needs; it must not move.
    struct Reading {
        const Each *each = nullptr;
        std::size_t left = 0;
    };
    struct Close {
        void operator()(ring_buffer *ring) const;
    };
    static int take(void *reading, void *data, std::size_t size);
    explicit RecordRing(PinnedMap map) : map_(std::move(map)) {}

    PinnedMap map_;
    std::unique_ptr<Reading> reading_ = std::make_unique<Reading>();
    std::unique_ptr<ring_buffer, Close> ring_;
};

template <class Record> class Ring {
public:
    static Result<Ring> open(const std::filesystem::path &bpffs, const char *name)
    {
        Result<RecordRing> ring = RecordRing::open(bpffs, name);
        if (!ring) {
            return std::unexpected(ring.error());
        }
        return Ring(std::move(*ring));
    }
    // Readable while there are records.
    [[nodiscard]] int fd() const
    {
        return ring_.fd();
    }
    // Takes records out of the ring, oldest first, at most `most`; how many.
    Result<std::size_t> read(std::size_t most, const std::function<void(const Record &)> &each)
    {
        return ring_.read(most, [&each](std::span<const std::byte> bytes) {
            if (Record record; bytes.size() == sizeof record) {
                std::memcpy(&record, bytes.data(), sizeof record);
                each(record);
            }
        });
    }

private:
    explicit Ring(RecordRing ring) : ring_(std::move(ring)) {}
    RecordRing ring_;
};

using Events = Ring<tg_event>;      // "tg_events"
using LogLines = Ring<tg_log_line>; // "tg_log"

} // namespace tg::maps
