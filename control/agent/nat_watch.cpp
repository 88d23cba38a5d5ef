// SPDX-License-Identifier: Apache-2.0
#include "control/agent/nat_watch.h"

#include "control/base/log.h"

namespace tg {
namespace {

constexpr Duration interval = std::chrono::seconds(5);
// Of the ports: the alarm, and where it is over.
constexpr std::uint64_t alarm_percent = 80, calm_percent = 70;

} // namespace

void NatWatch::alarm(const Use &use)
{
    const auto &[address, protocol, connections, ports] = use.use;
    const External external{address, protocol};
    if (ports * 100 >= use.of * alarm_percent) {
        if (alarmed_.insert(external).second) {
            log_warning("nat: {} {}: {} of {} ports are in use to one remote end",
                        to_string(address), protocol_name(protocol), ports, use.of);
        }
    } else if (ports * 100 < use.of * calm_percent) {
        alarmed_.erase(external);
    }
}

void NatWatch::end_walk(const Config &config, Duration now)
{
    if (!looking_) {
        looking_ = now - looked_ >= interval;
        return;
    }
    const std::vector<NatPool> pools = nat_pools(config);
    uses_.clear();
    std::set<External> seen;
    for (const NatUse &use : usage_.finish()) {
        uses_.push_back({use, count_ports(pools, use.address, use.protocol)});
        seen.insert({use.address, use.protocol});
        alarm(uses_.back());
    }
    std::erase_if(alarmed_, [&seen](const External &each) { return !seen.contains(each); });
    looking_ = false;
    looked_ = now;
}

nlohmann::json NatWatch::status() const
{
    nlohmann::json all = nlohmann::json::array();
    for (const auto &[use, of] : uses_) {
        all.push_back({{"address", to_string(use.address)},
                       {"protocol", protocol_name(use.protocol)},
                       {"connections", use.connections},
                       {"ports", use.ports},
                       {"of", of},
                       {"alarm", alarmed_.contains({use.address, use.protocol})}});
    }
    return all;
}

} // namespace tg
