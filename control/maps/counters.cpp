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

constexpr MapSpec rules_spec = {"tg_rules_count", BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(tg_counter)};
constexpr MapSpec reasons_spec = {"tg_reasons_count", BPF_MAP_TYPE_PERCPU_ARRAY, 4,
                                  sizeof(tg_counter)};
constexpr MapSpec answers_spec = {"tg_answers_count", BPF_MAP_TYPE_PERCPU_ARRAY, 4,
                                  sizeof(tg_counter)};

// The kernel copies one value for each possible CPU, present or not.
Result<std::size_t> possible_cpus()
{
    const int cpus = libbpf_num_possible_cpus();
    if (cpus <= 0) {
        return fail(fmt::format("cannot tell the number of CPUs: {}", std::strerror(-cpus)));
    }
    return static_cast<std::size_t>(cpus);
}

Result<tg_counter> read_sum(const PinnedMap &map, std::uint32_t index, std::size_t cpus)
{
    std::vector<tg_counter> values(cpus);
    if (bpf_map_lookup_elem(map.fd(), &index, values.data()) != 0) {
        return map.failed("read", errno);
    }
    tg_counter sum = {};
    for (const tg_counter &value : values) {
        sum.packets += value.packets;
        sum.bytes += value.bytes;
    }
    return sum;
}

template <std::size_t Count>
Result<std::array<tg_counter, Count>> read_all(const PinnedMap &map, std::size_t cpus)
{
    std::array<tg_counter, Count> all = {};
    for (std::uint32_t i = 0; i < Count; i++) {
        const Result<tg_counter> sum = read_sum(map, i, cpus);
        if (!sum) {
            return std::unexpected(sum.error());
        }
        all[i] = *sum;
    }
    return all;
}

} // namespace

Result<RuleCounters> RuleCounters::open(const std::filesystem::path &bpffs)
{
    Result<PinnedMap> map = PinnedMap::open(bpffs, rules_spec);
    if (!map) {
        return std::unexpected(map.error());
    }
    const Result<std::size_t> cpus = possible_cpus();
    if (!cpus) {
        return std::unexpected(cpus.error());
    }
    return RuleCounters(std::move(*map), *cpus);
}

Result<tg_counter> RuleCounters::read(std::uint32_t id) const
{
    return read_sum(map_, id, cpus_);
}

Result<void> RuleCounters::zero(std::uint32_t id)
{
    const std::vector<tg_counter> nothing(cpus_);
    if (bpf_map_update_elem(map_.fd(), &id, nothing.data(), BPF_ANY) != 0) {
        return map_.failed("write", errno);
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

Result<ReasonCounters> ReasonCounters::open(const std::filesystem::path &bpffs)
{
    Result<PinnedMap> map = PinnedMap::open(bpffs, reasons_spec);
    if (!map) {
        return std::unexpected(map.error());
    }
    const Result<std::size_t> cpus = possible_cpus();
    if (!cpus) {
        return std::unexpected(cpus.error());
    }
    return ReasonCounters(std::move(*map), *cpus);
}

Result<Reasons> ReasonCounters::read() const
{
    return read_all<TG_REASON_COUNT>(map_, cpus_);
}

Result<AnswerCounters> AnswerCounters::open(const std::filesystem::path &bpffs)
{
    Result<PinnedMap> map = PinnedMap::open(bpffs, answers_spec);
    if (!map) {
        return std::unexpected(map.error());
    }
    const Result<std::size_t> cpus = possible_cpus();
    if (!cpus) {
        return std::unexpected(cpus.error());
    }
    return AnswerCounters(std::move(*map), *cpus);
}

Result<Answers> AnswerCounters::read() const
{
    return read_all<TG_ANSWER_COUNT>(map_, cpus_);
}

} // namespace tg::maps
