// SPDX-License-Identifier: Apache-2.0
#include "control/conntrack/nat_usage.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "bpf/core/base.h"
#include "bpf/core/parse_l4.h"
#include "bpf/core/tuple_ops.h"

namespace tg {
namespace {

// What tells remote ends apart, above the port.
std::uint64_t end_and_port(const tg_tuple &reply)
{
    const std::string_view address(reinterpret_cast<const char *>(&reply.src), sizeof reply.src);
    const std::uint64_t end = std::hash<std::string_view>{}(address) * 65599 + reply.src_port;
    return end << 16 | tg_host16(reply.dst_port);
}

bool has(PortRange range, std::uint64_t end_and_port)
{
    const std::uint64_t port = end_and_port & 0xffff;
    return range.low <= port && port <= range.high;
}

template <class Numbers> std::uint64_t count(const Numbers &numbers, PortRange range)
{
    return static_cast<std::uint64_t>(
        std::ranges::count_if(numbers, [range](std::uint64_t each) { return has(range, each); }));
}

} // namespace

std::uint64_t NatUse::connections(PortRange range) const
{
    return count(ends, range) + count(by_mapping, range);
}

std::uint64_t NatUse::most(PortRange range) const
{
    std::uint64_t most = 0, alike = 0, last = 0;
    for (const std::uint64_t each : ends) {
        if (has(range, each)) {
            alike = alike != 0 && each >> 16 == last ? alike + 1 : 1;
            last = each >> 16;
            most = std::max(most, alike);
        }
    }
    return most + count(mapped, range);
}

void NatUsage::see(const tg_conn &record)
{
    const tg_tuple reply = record.reply;
    const std::uint16_t flags = tg_word_flags(record.word);
    if ((flags & TG_CONN_FLAG_SRCNAT) == 0 || !tg_has_ports(reply.protocol)) {
        return;
    }
    const std::pair external{Address{reply.dst}, reply.protocol};
    if (uses_.size() >= most_externals && !uses_.contains(external)) {
        return;
    }
    NatUse &use = uses_[external];
    if (reply.mapping != 0) {
        use.mapped.push_back(tg_host16(reply.dst_port));
    } else if (reply.protocol == TG_PROTOCOL_UDP && (flags & TG_CONN_MAPPED) != 0) {
        use.by_mapping.push_back(tg_host16(reply.dst_port));
    } else {
        use.ends.push_back(end_and_port(reply));
    }
}

std::vector<NatUse> NatUsage::finish()
{
    std::vector<NatUse> uses;
    for (auto &[external, use] : std::exchange(uses_, {})) {
        use.address = external.first;
        use.protocol = external.second;
        std::ranges::sort(use.ends);
        uses.push_back(std::move(use));
    }
    return uses;
}

} // namespace tg
