// SPDX-License-Identifier: Apache-2.0
#include "control/config/nat_pools.h"

#include <algorithm>
#include <array>

namespace tg {
namespace {

// What a source's port may become unless a rule says so; see docs/packet-flow.md.
constexpr PortRange usual_ports{.low = 1024, .high = 65535};

constexpr std::array<std::string_view, 2> source_actions{"masquerade", "src-nat"};

NatPool pool_of(const Item &rule)
{
    NatPool pool{.addresses = {}, .protocol = {}, .ports = usual_ports};
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

std::uint32_t length(PortRange range)
{
    return std::uint32_t{range.high} - range.low + 1;
}

// Of ports in several ranges each counts once.
std::uint32_t length_of_union(std::vector<PortRange> ranges)
{
    std::ranges::sort(ranges, {}, &PortRange::low);
    std::uint32_t sum = 0, next = 0; // the first port that is not counted yet
    for (const PortRange range : ranges) {
        const std::uint32_t low = std::max<std::uint32_t>(range.low, next);
        if (low <= range.high) {
            sum += range.high - low + 1;
            next = std::uint32_t{range.high} + 1;
        }
    }
    return sum;
}

} // namespace

std::vector<NatPool> nat_pools(const Config &config)
{
    std::vector<NatPool> pools;
    for (const std::string_view menu : {menu_nat4, menu_nat6}) {
        for (const Item &rule : config.items(menu)) {
            const auto action = rule.value_or("action", std::string("accept"));
            if (!rule.disabled() &&
                std::ranges::find(source_actions, action) != source_actions.end()) {
                pools.push_back(pool_of(rule));
            }
        }
    }
    return pools;
}

std::uint32_t count_ports(const std::vector<NatPool> &pools, const Address &address,
                          std::uint8_t protocol)
{
    std::vector<PortRange> ranges;
    for (const NatPool &pool : pools) {
        const bool has_address =
            !pool.addresses || (pool.addresses->low <= address && address <= pool.addresses->high);
        if (has_address && (!pool.protocol || *pool.protocol == protocol)) {
            ranges.push_back(pool.ports);
        }
    }
    return ranges.empty() ? length(usual_ports) : length_of_union(std::move(ranges));
}

} // namespace tg
