// SPDX-License-Identifier: Apache-2.0
#include "control/maps/events.h"

#include <cerrno>
#include <cstring>

#include <bpf/libbpf.h>

namespace tg::maps {

namespace {

constexpr MapSpec events_spec = {"tg_events", BPF_MAP_TYPE_RINGBUF, 0, 0};
constexpr int enough = -ECANCELED; // ends a reading; the record it is said of counts as read

} // namespace

void Events::Close::operator()(ring_buffer *ring) const
{
    ring_buffer__free(ring);
}

Result<Events> Events::open(const std::filesystem::path &bpffs)
{
    Result<PinnedMap> map = PinnedMap::open(bpffs, events_spec);
    if (!map) {
        return std::unexpected(map.error());
    }
    Events events(std::move(*map));
    events.ring_.reset(
        ring_buffer__new(events.map_.fd(), &Events::take, events.reading_.get(), nullptr));
    if (!events.ring_) {
        return events.map_.failed("map", errno);
    }
    return events;
}

int Events::fd() const
{
    return ring_buffer__epoll_fd(ring_.get());
}

int Events::take(void *reading, void *data, std::size_t size)
{
    auto &now = *static_cast<Reading *>(reading);
    tg_event event;
    if (size == sizeof event) {
        std::memcpy(&event, data, sizeof event);
        (*now.each)(event);
    }
    return --now.left == 0 ? enough : 0;
}

Result<std::size_t> Events::read(std::size_t most,
                                 const std::function<void(const tg_event &event)> &each)
{
    *reading_ = {&each, most};
    const int result = ring_buffer__consume(ring_.get());
    if (result < 0 && result != enough) {
        return map_.failed("read", -result);
    }
    return most - reading_->left;
}

} // namespace tg::maps
