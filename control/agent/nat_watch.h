// SPDX-License-Identifier: Apache-2.0
// Watches how many ports external addresses have left: for status, and an alarm in the log before
// they run out.
#pragma once

#include <set>

#include <nlohmann/json.hpp>

#include "control/base/text.h"
#include "control/config/nat_pools.h"
#include "control/conntrack/nat_usage.h"

namespace tg {

class NatWatch {
public:
    // A living connection of the walk that is under way.
    void see(const tg_conn &record)
    {
        if (looking_) {
            usage_.see(record);
        }
    }
    // The walk is done, at `now` since boot. From time to time what was seen is what status says.
    void end_walk(const Config &config, Duration now);
    // By address and protocol: connections, the most ports to one remote end, of how many, alarm.
    [[nodiscard]] nlohmann::json status() const;

private:
    using External = std::pair<Address, std::uint8_t>;
    struct Use {
        NatUse use;
        std::uint32_t of = 0; // ports
    };
    void alarm(const Use &use);

    NatUsage usage_;
    bool looking_ = true;
    Duration looked_ = {};
    std::vector<Use> uses_;
    std::set<External> alarmed_;
};

} // namespace tg
