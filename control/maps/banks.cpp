// SPDX-License-Identifier: Apache-2.0
#include "control/maps/banks.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ranges>

#include <bpf/bpf.h>
#include <fmt/format.h>

#include "tidegate/maps.h"

namespace tg::maps {

namespace {

constexpr MapSpec banks_spec = {"tg_banks", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4};

std::uint32_t slot_of(std::uint64_t bank)
{
    return static_cast<std::uint32_t>(bank & 1);
}

// BPF_F_INNER_MAP: every bank may have its own number of elements.
Result<Fd> create_inner(std::uint32_t elements)
{
    bpf_map_create_opts options = {};
    options.sz = sizeof options;
    options.map_flags = BPF_F_INNER_MAP;
    Fd fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, "tg_bank", sizeof(std::uint32_t),
                         sizeof(tg_bank_element), elements, &options));
    if (!fd) {
        return fail(
            fmt::format("cannot make a bank of {} elements: {}", elements, std::strerror(errno)));
    }
    return fd;
}

} // namespace

Result<Banks> Banks::open(const std::filesystem::path &bpffs)
{
    Result<PinnedMap> map = PinnedMap::open(bpffs, banks_spec);
    if (!map) {
        return std::unexpected(map.error());
    }
    return Banks(std::move(*map));
}

Result<void> Banks::fill(std::uint64_t bank, std::span<const tg_bank_element> elements)
{
    if (elements.size() < TG_BANK_FIRST || elements.size() > TG_LIMIT_BANK_ELEMENTS) {
        return fail(fmt::format("a bank has {} to {} elements, not {}", TG_BANK_FIRST,
                                TG_LIMIT_BANK_ELEMENTS, elements.size()));
    }
    auto count = static_cast<std::uint32_t>(elements.size());
    const Result<Fd> inner = create_inner(count);
    if (!inner) {
        return std::unexpected(inner.error());
    }
    std::vector<std::uint32_t> indices(count);
    std::ranges::copy(std::views::iota(0u, count), indices.begin());
    if (bpf_map_update_batch(inner->get(), indices.data(), elements.data(), &count, nullptr) != 0 ||
        count != elements.size()) {
        return fail(fmt::format("cannot fill a bank: {} of {} elements written: {}", count,
                                elements.size(), std::strerror(errno)));
    }
    return map_.put(slot_of(bank), inner->get());
}

// The third slot is read by nobody; any write to a map of maps returns after a grace period.
Result<void> Banks::wait_for_packets()
{
    const Result<Fd> inner = create_inner(TG_BANK_FIRST);
    if (!inner) {
        return std::unexpected(inner.error());
    }
    return map_.put(TG_BANK_SLOT_GRACE, inner->get());
}

Result<Fd> Banks::inner(std::uint64_t bank) const
{
    const Result<std::optional<std::uint32_t>> found = map_.find<std::uint32_t>(slot_of(bank));
    if (!found) {
        return std::unexpected(found.error());
    }
    const std::optional<std::uint32_t> &id = *found;
    if (!id) {
        return fail(fmt::format("bank {} is empty", bank));
    }
    Fd fd(bpf_map_get_fd_by_id(*id));
    if (!fd) {
        return fail(fmt::format("cannot open bank {}: {}", bank, std::strerror(errno)));
    }
    return fd;
}

Result<tg_bank_header> Banks::header(std::uint64_t bank) const
{
    const Result<Fd> map = inner(bank);
    if (!map) {
        return std::unexpected(map.error());
    }
    const std::uint32_t index = TG_BANK_HEADER;
    tg_bank_element element = {};
    if (bpf_map_lookup_elem(map->get(), &index, &element) != 0) {
        return fail(fmt::format("cannot read bank {}: {}", bank, std::strerror(errno)));
    }
    return element.header;
}

Result<std::vector<tg_bank_element>> Banks::read(std::uint64_t bank) const
{
    const Result<Fd> map = inner(bank);
    if (!map) {
        return std::unexpected(map.error());
    }
    bpf_map_info info = {};
    std::uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(map->get(), &info, &size) != 0) {
        return fail(fmt::format("cannot read bank {}: {}", bank, std::strerror(errno)));
    }
    std::vector<tg_bank_element> elements(info.max_entries);
    for (std::uint32_t index = 0; index < info.max_entries; index++) {
        if (bpf_map_lookup_elem(map->get(), &index, &elements[index]) != 0) {
            return fail(fmt::format("cannot read bank {}: {}", bank, std::strerror(errno)));
        }
    }
    return elements;
}

} // namespace tg::maps
