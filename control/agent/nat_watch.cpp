// SPDX-License-Identifier: Apache-2.0
#include "control/agent/nat_watch.h"

#include "control/base/log.h"

namespace tg {
namespace {

constexpr Duration interval = std::chrono::seconds(5);
// Of the ports: the alarm, and where it is over.
constexpr std::uint64_t alarm_percent = 80, calm_percent = 70;

} // namespace

void NatWatch::alarm(const Pool &pool)
{
    if (pool.used * 100 >= size(pool) * alarm_percent) {
        if (alarmed_.insert(name(pool)).second) {
            log_warning("nat: {} {}: {} of {} ports {} are in use to one remote end",
                        to_string(pool.address), protocol_name(pool.protocol), pool.used,
                        size(pool), to_string({pool.ports}));
        }
    } else if (pool.used * 100 < size(pool) * calm_percent) {
        alarmed_.erase(name(pool));
    }
}

void NatWatch::end_walk(const Config &config, Duration now)
{
    if (!looking_) {
        looking_ = now - looked_ >= interval;
        return;
    }
    const std::vector<NatPool> rules = nat_pools(config);
    pools_.clear();
    std::set<Name> seen;
    for (const NatUse &use : usage_.finish()) {
        for (const PortRange ports : port_ranges(rules, use.address, use.protocol)) {
            const Pool pool{use.address, use.protocol, ports, use.connections(ports),
                            use.most(ports)};
            if (pool.used != 0) {
                pools_.push_back(pool);
                seen.insert(name(pool));
                alarm(pool);
            }
        }
    }
    std::erase_if(alarmed_, [&seen](const Name &each) { return !seen.contains(each); });
    looking_ = false;
    looked_ = now;
}

nlohmann::json NatWatch::status() const
{
    nlohmann::json all = nlohmann::json::array();
    for (const Pool &pool : pools_) {
        all.push_back({{"address", to_string(pool.address)},
                       {"protocol", protocol_name(pool.protocol)},
                       {"range", to_string({pool.ports})},
                       {"connections", pool.connections},
                       {"ports", pool.used},
                       {"of", size(pool)},
                       {"alarm", alarmed_.contains(name(pool))}});
    }
    return all;
}

} // namespace tg
