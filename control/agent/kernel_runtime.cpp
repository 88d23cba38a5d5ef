// SPDX-License-Identifier: Apache-2.0
#include "control/agent/kernel_runtime.h"

#include <algorithm>

#include "control/base/log.h"
#include "control/conntrack/view.h"

namespace tg {

tg_counter KernelRuntime::rule_counter(std::uint32_t counter) const
{
    const Result<tg_counter> value = maps_.rule_counters.read(counter);
    if (!value) {
        log_warning("{}", to_string(value.error()));
        return {};
    }
    return *value;
}

void KernelRuntime::reset_rule_counter(std::uint32_t counter)
{
    if (const Result<void> zeroed = maps_.rule_counters.zero(counter); !zeroed) {
        log_warning("{}", to_string(zeroed.error()));
    }
}

Result<void> KernelRuntime::connections(Family family,
                                        const std::function<bool(const Connection &)> &visit) const
{
    return visit_connections(store_, family, visit);
}

Result<std::uint64_t> KernelRuntime::count_connections(Family family) const
{
    const Result<tg_table> table = maps_.table.read();
    if (!table) {
        return std::unexpected(table.error());
    }
    // The two numbers are not read in one instant.
    const std::uint64_t ipv6 = std::min(table->ipv6, table->connections);
    return family == Family::ipv6 ? ipv6 : table->connections - ipv6;
}

Result<std::uint64_t>
KernelRuntime::remove_connections(const std::vector<ConnectionName> &connections)
{
    std::vector<tg_sweep_key> keys;
    keys.reserve(connections.size());
    for (const ConnectionName &connection : connections) {
        keys.push_back(sweep_key(connection, true));
    }
    return store_.sweep(keys);
}

} // namespace tg
