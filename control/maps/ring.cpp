// SPDX-License-Identifier: Apache-2.0
#include "control/maps/ring.h"

#include <cerrno>

#include <bpf/libbpf.h>

namespace tg::maps {

namespace {

constexpr int enough = -ECANCELED; // ends a reading; the record it is said of counts as read

} // namespace

void RecordRing::Close::operator()(ring_buffer *ring) const
{
    ring_buffer__free(ring);
}

Result<RecordRing> RecordRing::open(const std::filesystem::path &bpffs, const char *name)
{
    Result<PinnedMap> map = PinnedMap::open(bpffs, {name, BPF_MAP_TYPE_RINGBUF, 0, 0});
    if (!map) {
        return std::unexpected(map.error());
    }
    RecordRing opened(std::move(*map));
    opened.ring_.reset(
        ring_buffer__new(opened.map_.fd(), &RecordRing::take, opened.reading_.get(), nullptr));
    if (!opened.ring_) {
        return opened.map_.failed("map", errno);
    }
    return opened;
}

int RecordRing::fd() const
{
    return ring_buffer__epoll_fd(ring_.get());
}

int RecordRing::take(void *reading, void *data, std::size_t size)
{
    auto &now = *static_cast<Reading *>(reading);
    (*now.each)({static_cast<const std::byte *>(data), size});
    return --now.left == 0 ? enough : 0;
}

Result<std::size_t> RecordRing::read(std::size_t most, const Each &each)
{
    *reading_ = {&each, most};
    const int result = ring_buffer__consume(ring_.get());
    if (result < 0 && result != enough) {
        return map_.failed("read", -result);
    }
    return most - reading_->left;
}

} // namespace tg::maps
