// SPDX-License-Identifier: Apache-2.0
// The routing table "local": which destinations the kernel takes for the host's own.
#pragma once

#include <cstdint>
#include <map>

#include "control/base/error.h"
#include "control/base/net.h"

namespace tg {

struct LocalRoutes {
    std::map<Address, std::uint32_t> addresses; // → TG_ADDRESS_*
    bool networks = false;                      // there are whole networks too, beside 127/8
};

// Of the namespace the thread is in.
Result<LocalRoutes> read_local_routes();

} // namespace tg
