// SPDX-License-Identifier: Apache-2.0
#include "control/conntrack/nat_usage.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "bpf/core/parse_l4.h"

namespace tg {
namespace {

std::uint64_t end_of(const tg_tuple &reply)
{
    const std::string_view address(reinterpret_cast<const char *>(&reply.src), sizeof reply.src);
    return std::hash<std::string_view>{}(address) * 65599 + reply.src_port;
}

// How often the value that is there most often is there.
std::uint64_t most_alike(std::vector<std::uint64_t> values)
{
    std::ranges::sort(values);
    std::uint64_t most = 0;
    for (auto first = values.begin(); first != values.end();) {
        const auto last = std::ranges::upper_bound(first, values.end(), *first);
        most = std::max(most, static_cast<std::uint64_t>(last - first));
        first = last;
    }
    return most;
}

} // namespace

void NatUsage::see(const tg_conn &record)
{
    const tg_tuple reply = record.reply;
    if ((tg_word_flags(record.word) & TG_CONN_FLAG_SRCNAT) == 0 || !tg_has_ports(reply.protocol)) {
        return;
    }
    const std::pair external{Address{reply.dst}, reply.protocol};
    if (ends_.size() < most_externals || ends_.contains(external)) {
        ends_[external].push_back(end_of(reply));
    }
}

std::vector<NatUse> NatUsage::finish()
{
    std::vector<NatUse> uses;
    for (auto &[external, ends] : std::exchange(ends_, {})) {
        uses.push_back({.address = external.first,
                        .protocol = external.second,
                        .connections = ends.size(),
                        .ports = most_alike(std::move(ends))});
    }
    return uses;
}

} // namespace tg
