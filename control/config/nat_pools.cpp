// SPDX-License-Identifier: Apache-2.0
#include "control/config/nat_pools.h"

#include <algorithm>
#include <array>

namespace tg {
namespace {

// What a source's port may become unless a rule says so: it stays as privileged as it is.
constexpr std::array usual_ports{PortRange{.low = 1, .high = 1023},
                                 PortRange{.low = 1024, .high = 65535}};

constexpr std::array<std::string_view, 4> source_actions{"masquerade", "src-nat", "same",
                                                         "endpoint-independent-nat"};

NatPool pool_of(const Item &rule, Family family)
{
    NatPool pool{.family = family, .addresses = {}, .protocol = {}, .ports = {}};
    for (const char *const name : {"to-addresses", "to-address"}) {
        if (const Value *addresses = rule.get(name)) {
            pool.addresses = std::get<AddressRange>(addresses->data);
        }
    }
    if (const Value *protocol = rule.get("protocol"); protocol != nullptr && !protocol->negated) {
        pool.protocol = std::get<Protocol>(protocol->data).number;
    }
    if (const Value *ports = rule.get("to-ports")) {
        pool.ports = std::get<std::vector<PortRange>>(ports->data).front();
    }
    return pool;
}

bool serves(const NatPool &pool, const Address &address, std::uint8_t protocol)
{
    return (pool.family == Family::ipv4) == address.is_ipv4() &&
           (!pool.addresses ||
            (pool.addresses->low <= address && address <= pool.addresses->high)) &&
           (!pool.protocol || *pool.protocol == protocol);
}

} // namespace

std::vector<NatPool> nat_pools(const Config &config)
{
    std::vector<NatPool> pools;
    for (const std::string_view menu : {menu_nat4, menu_nat6}) {
        for (const Item &rule : config.items(menu)) {
            const auto action = rule.value_or("action", std::string("accept"));
            if (!rule.disabled() && rule.value_or("chain", std::string()) != "dstnat" &&
                std::ranges::find(source_actions, action) != source_actions.end()) {
                pools.push_back(pool_of(rule, menu == menu_nat4 ? Family::ipv4 : Family::ipv6));
            }
        }
    }
    return pools;
}

std::vector<PortRange> port_ranges(const std::vector<NatPool> &pools, const Address &address,
                                   std::uint8_t protocol)
{
    std::vector<PortRange> ranges;
    const auto add = [&ranges](PortRange range) {
        if (std::ranges::find(ranges, range) == ranges.end()) {
            ranges.push_back(range);
        }
    };
    for (const NatPool &pool : pools) {
        if (serves(pool, address, protocol) && pool.ports) {
            add(*pool.ports);
        } else if (serves(pool, address, protocol)) {
            std::ranges::for_each(usual_ports, add);
        }
    }
    if (ranges.empty()) {
        std::ranges::for_each(usual_ports, add);
    }
    return ranges;
}

} // namespace tg
