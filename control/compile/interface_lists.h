// SPDX-License-Identifier: Apache-2.0
// Interface lists as the datapath has them: a number for each list, a set of bits for each
// interface, a bucket table for finding it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "control/base/error.h"
#include "control/config/config.h"
#include "control/config/environment.h"
#include "tidegate/chain.h"

namespace tg {

struct InterfaceLists {
    std::map<std::string, std::uint8_t, std::less<>> numbers; // of the configured lists, by name
    std::map<std::uint32_t, std::uint64_t> members;           // ifindex → bits
};

// Error: more lists than there are bits, or more interfaces than TG_LIMIT_INTERFACES.
Result<InterfaceLists> number_interface_lists(const Config &config, const Environment &environment);

// A power of two of buckets, the fewest in which no bucket overflows; one at least. Error: they
// would not fit a bank.
Result<std::vector<tg_device_bucket>>
device_buckets(const std::map<std::uint32_t, std::uint64_t> &members);

} // namespace tg
