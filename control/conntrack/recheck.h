// SPDX-License-Identifier: Apache-2.0
// Which living connections the rules in force would not open any more as they are: their first
// packet is made up again, and the datapath is asked what would become of it without them.
#pragma once

#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "control/config/runtime.h"
#include "control/conntrack/store.h"
#include "control/maps/explain.h"

namespace tg {

struct Recheck {
    std::uint64_t checked = 0;
    std::uint64_t unclear = 0; // not to be judged now, as its interface or route is gone; it stays
    // Those that do not hold any more, and how many for which cause.
    std::vector<ConnectionName> fallen;
    std::map<std::string_view, std::uint64_t> causes;
};

// What the explain programs answer; tests give their own.
using Ask = std::function<Result<maps::Explained>(const maps::ExplainQuestion &question)>;

// Looks at every living connection. `devices` by ifindex.
Result<Recheck> recheck_connections(const ConnectionStore &store, const Ask &ask,
                                    const std::map<std::uint32_t, tg_device> &devices);

} // namespace tg
