// SPDX-License-Identifier: Apache-2.0
// Watches how many ports external addresses have left: for status, and an alarm in the log before
// they run out.
#pragma once

#include <set>
#include <tuple>
#include <vector>

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
    // By address, protocol and range of ports that rules give out: connections, the most ports to
    // one remote end, of how many, alarm.
    [[nodiscard]] nlohmann::json status() const;

private:
    // What runs out by itself: the ports of one range, of one external address and protocol.
    struct Pool {
        Address address;
        std::uint8_t protocol = 0;
        PortRange ports;
        std::uint64_t connections = 0;
        std::uint64_t used = 0; // ports, to the remote end that has most
    };
    using Name = std::tuple<Address, std::uint8_t, std::uint16_t, std::uint16_t>;
    static Name name(const Pool &pool)
    {
        return {pool.address, pool.protocol, pool.ports.low, pool.ports.high};
    }
    static std::uint64_t size(const Pool &pool)
    {
        return std::uint64_t{pool.ports.high} - pool.ports.low + 1;
    }
    void alarm(const Pool &pool);

    NatUsage usage_;
    bool looking_ = true;
    Duration looked_ = {};
    std::vector<Pool> pools_;
    std::set<Name> alarmed_;
};

} // namespace tg
