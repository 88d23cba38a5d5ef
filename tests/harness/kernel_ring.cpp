// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/kernel_ring.h"

#include <bpf/libbpf.h>

#include "tests/harness/kernel_clock.h"

namespace tg::test {
namespace {

struct CloseRing {
    void operator()(ring_buffer *ring) const
    {
        ring_buffer__free(ring);
    }
};

int keep(void *records, void *data, std::size_t size)
{
    const auto *bytes = static_cast<const std::uint8_t *>(data);
    static_cast<std::vector<Bytes> *>(records)->emplace_back(bytes, bytes + size);
    return 0;
}

} // namespace

std::vector<Bytes> read_ring(int fd)
{
    std::vector<Bytes> records;
    const std::unique_ptr<ring_buffer, CloseRing> ring(
        ring_buffer__new(fd, keep, &records, nullptr));
    if (!ring || ring_buffer__consume(ring.get()) < 0) {
        refuse("cannot read a ring buffer");
    }
    return records;
}

} // namespace tg::test
