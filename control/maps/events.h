// SPDX-License-Identifier: Apache-2.0
// The ring in which the datapath tells of connections; for one reader. Knows nothing of what is
// told.
#pragma once

#include <functional>
#include <memory>

#include "control/maps/map.h"
#include "tidegate/event.h"

struct ring_buffer;

namespace tg::maps {

class Events {
public:
    static Result<Events> open(const std::filesystem::path &bpffs);
    // Readable while there are events.
    [[nodiscard]] int fd() const;
    // Takes events out of the ring, oldest first, at most `most`; how many.
    Result<std::size_t> read(std::size_t most,
                             const std::function<void(const tg_event &event)> &each);

private:
    // Where the ring's callback finds what it needs; it must not move.
    struct Reading {
        const std::function<void(const tg_event &event)> *each = nullptr;
        std::size_t left = 0;
    };
    struct Close {
        void operator()(ring_buffer *ring) const;
    };
    static int take(void *reading, void *data, std::size_t size);
    explicit Events(PinnedMap map) : map_(std::move(map)) {}

    PinnedMap map_;
    std::unique_ptr<Reading> reading_ = std::make_unique<Reading>();
    std::unique_ptr<ring_buffer, Close> ring_;
};

} // namespace tg::maps
