// SPDX-License-Identifier: Apache-2.0
// What the menus need of the running datapath: counters and connections. The agent implements it,
// tests give their own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "control/base/error.h"
#include "control/base/net.h"
#include "control/base/text.h"
#include "tidegate/conn.h"

namespace tg {

struct Connection {
    tg_conn record = {};
    Duration timeout_left = {}; // what the datapath honours; overdue connections are not shown
};

class Runtime {
public:
    virtual ~Runtime() = default;
    // Packets and bytes of one rule, summed over all CPUs; `counter` is Item::counter.
    [[nodiscard]] virtual tg_counter rule_counter(std::uint32_t counter) const = 0;
    virtual void reset_rule_counter(std::uint32_t counter) = 0;
    // Calls `visit` for every connection of the family, in no order, until it returns false.
    // The table may change meanwhile; memory stays bounded whatever its size.
    virtual Result<void>
    connections(Family family, const std::function<bool(const Connection &)> &visit) const = 0;
    // How many there are; at the real table without a walk over it, so that those count which have
    // become overdue since the last sweep.
    [[nodiscard]] virtual Result<std::uint64_t> count_connections(Family family) const
    {
        std::uint64_t count = 0;
        const Result<void> walked = connections(family, [&count](const Connection &) {
            count++;
            return true;
        });
        return walked ? Result<std::uint64_t>(count) : std::unexpected(walked.error());
    }
    // Removes these, as `connections` gave them, unless they have been replaced meanwhile; how
    // many were removed.
    virtual Result<std::uint64_t> remove_connections(const std::vector<tg_conn> &records) = 0;
};

} // namespace tg
