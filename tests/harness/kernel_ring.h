// SPDX-License-Identifier: Apache-2.0
// What the programs in the kernel have told of connections, taken out of their ring.
#pragma once

#include <vector>

#include "tests/harness/datapath.h"

namespace tg::test {

// `fd` is the ring's.
std::vector<tg_event> read_ring(int fd);

} // namespace tg::test
