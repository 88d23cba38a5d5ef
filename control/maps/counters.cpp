// SPDX-License-Identifier: Apache-2.0
#include "control/maps/counters.h"

#include <cerrno>
#include <cstring>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

namespace tg::maps {

namespace {

Result<tg_counter> read_sum(const CounterMap &counters, std::uint32_t index)
{
    std::vector<tg_counter> values(counters.cpus);
    if (bpf_map_lookup_elem(counters.map.fd(), &index, values.data()) != 0) {
        return counters.map.failed("read", errno);
    }
    tg_counter sum = {};
    for (const tg_counter &value : values) {
        sum.packets += value.packets;
        sum.bytes += value.bytes;
    }
    return sum;
}

} // namespace

Result<std::size_t> possible_cpus()
{
    const int cpus = libbpf_num_possible_cpus();
    if (cpus <= 0) {
        return fail(fmt::format("cannot tell the number of CPUs: {}", std::strerror(-cpus)));
    }
    return static_cast<std::size_t>(cpus);
}

Result<CounterMap> open_counters(const std::filesystem::path &bpffs, const char *name)
{
    Result<PinnedMap> map =
        PinnedMap::open(bpffs, {name, BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(tg_counter)});
    if (!map) {
        return std::unexpected(map.error());
    }
    const Result<std::size_t> cpus = possible_cpus();
    if (!cpus) {
        return std::unexpected(cpus.error());
    }
    return CounterMap{std::move(*map), *cpus};
}

Result<void> read_counters(const CounterMap &map, std::span<tg_counter> into)
{
    for (std::uint32_t i = 0; i < into.size(); i++) {
        const Result<tg_counter> sum = read_sum(map, i);
        if (!sum) {
            return std::unexpected(sum.error());
        }
        into[i] = *sum;
    }
    return {};
}

Result<RuleCounters> RuleCounters::open(const std::filesystem::path &bpffs)
{
    Result<CounterMap> map = open_counters(bpffs, "tg_rules_count");
    if (!map) {
        return std::unexpected(map.error());
    }
    return RuleCounters(std::move(*map));
}

Result<tg_counter> RuleCounters::read(std::uint32_t id) const
{
    return read_sum(map_, id);
}

Result<void> RuleCounters::zero(std::uint32_t id)
{
    const std::vector<tg_counter> nothing(map_.cpus);
    if (bpf_map_update_elem(map_.map.fd(), &id, nothing.data(), BPF_ANY) != 0) {
        return map_.map.failed("write", errno);
    }
    return {};
}

Result<void> RuleCounters::zero(std::span<const std::uint32_t> ids)
{
    for (const std::uint32_t id : ids) {
        if (const Result<void> zeroed = zero(id); !zeroed) {
            return zeroed;
        }
    }
    return {};
}

} // namespace tg::maps
