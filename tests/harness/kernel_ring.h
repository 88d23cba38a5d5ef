// SPDX-License-Identifier: Apache-2.0
// What the programs in the kernel have put into a ring buffer, taken out of it.
#pragma once

#include <vector>

#include "tests/harness/datapath.h"

namespace tg::test {

// `fd` is the ring's.
std::vector<Bytes> read_ring(int fd);

// The same, of records of one kind.
template <class Record> std::vector<Record> read_ring_of(int fd)
{
    std::vector<Record> records;
    for (const Bytes &record : read_ring(fd)) {
        records.push_back(value_of<Record>(record));
    }
    return records;
}

} // namespace tg::test
