// SPDX-License-Identifier: Apache-2.0
// Sockets of the router, in the namespace the test is in.
#pragma once

#include "control/base/fd.h"
#include "tests/harness/datapath.h"

namespace tg::test {

// A listening socket, or one made established without a packet (TCP_REPAIR).
Fd open_socket(const Socket &wanted);

} // namespace tg::test
