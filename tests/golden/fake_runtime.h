// SPDX-License-Identifier: Apache-2.0
// A datapath that never runs: counters and connections are what a test puts there.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "control/config/runtime.h"

namespace tg::test {

class FakeRuntime final : public Runtime {
public:
    std::map<std::uint32_t, tg_counter> counters;
    std::vector<Connection> table;
    std::vector<EventStream::Told> events; // what the next who follows is told, to the end

    // "tcp 192.0.2.1:40000 198.51.100.1:443 state=established timeout=1d flags=SAC
    //  packets=10/8 bytes=1000/800"; "icmp A B id=7 type=8 code=0"; translated if it
    // has reply-src=ENDPOINT or reply-dst=ENDPOINT. Error: what is wrong.
    Result<void> add(std::string_view description);
    // "new|update|destroy *ID CONNECTION", "lost N"
    Result<void> add_event(std::string_view description);

    [[nodiscard]] tg_counter rule_counter(std::uint32_t counter) const override;
    void reset_rule_counter(std::uint32_t counter) override;
    Result<void> connections(Family family,
                             const std::function<bool(const Connection &)> &visit) const override;
    Result<std::uint64_t>
    remove_connections(const std::vector<ConnectionName> &connections) override;
    Result<std::unique_ptr<EventStream>> follow() override;
};

} // namespace tg::test
