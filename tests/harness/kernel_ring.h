// SPDX-License-Identifier: Apache-2.0
// What the programs in the kernel have put into a ring buffer, taken out of it.
#pragma once

#include <vector>

#include "tests/harness/datapath.h"

namespace tg::test {

// `fd` is the ring's.
std::vector<Bytes> read_ring(int fd);

} // namespace tg::test
