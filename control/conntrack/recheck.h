// SPDX-License-Identifier: Apache-2.0
// Which living connections the rules in force would not open any more as they are: their first
// packet is made up again, and the datapath is asked what would become of it without them.
#pragma once

#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "control/config/config.h"
#include "control/config/runtime.h"
#include "control/conntrack/store.h"
#include "control/maps/explain.h"

namespace tg {

struct Recheck {
    std::uint64_t checked = 0;
    // Not to be judged: the interface or route is gone, or rules ask for what is not known. It
    // stays.
    std::uint64_t unclear = 0;
    // Those that do not hold any more, and how many for which cause.
    std::vector<ConnectionName> fallen;
    std::map<std::string_view, std::uint64_t> causes;
};

// What the explain programs answer; tests give their own.
using Ask = std::function<Result<maps::Explained>(const maps::ExplainQuestion &question)>;

// Looks at every living connection. `devices` by ifindex, `config` is in force. Where a rule of the
// family that can change a packet's fate asks for what nobody knows of the first packet any more
// (its TTL, DSCP or priority), no connection falls: whatever would is unclear.
Result<Recheck> recheck_connections(const ConnectionStore &store, const Ask &ask,
                                    const std::map<std::uint32_t, tg_device> &devices,
                                    const Config &config);

} // namespace tg
