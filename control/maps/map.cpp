// SPDX-License-Identifier: Apache-2.0
#include "control/maps/map.h"

#include <cassert>
#include <cerrno>
#include <cstring>

#include <bpf/bpf.h>
#include <fmt/format.h>

#include "tidegate/maps.h"

namespace tg::maps {

namespace {

std::string why_not_opened(const std::filesystem::path &pin, int error)
{
    switch (error) {
    case ENOENT:
        return fmt::format("{}: there is no such map: attach an interface first (tidegate up)",
                           pin.string());
    case EPERM:
    case EACCES:
        return fmt::format("{}: no privilege to open it: run as root", pin.string());
    default:
        return fmt::format("{}: cannot open: {}", pin.string(), std::strerror(error));
    }
}

} // namespace

Result<PinnedMap> PinnedMap::open(const std::filesystem::path &bpffs, const MapSpec &spec)
{
    const std::filesystem::path pin = bpffs / TG_PIN_MAPS / spec.name;
    Fd fd(bpf_obj_get(pin.c_str()));
    if (!fd) {
        return fail(why_not_opened(pin, errno));
    }
    bpf_map_info info = {};
    std::uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0) {
        return fail(fmt::format("{}: is not a map: {}", pin.string(), std::strerror(errno)));
    }
    if (info.type != spec.type || info.key_size != spec.key_size ||
        info.value_size != spec.value_size) {
        return fail(fmt::format("{}: made by another version of tidegate-loader: found type {} "
                                "key {} value {}, expected type {} key {} value {}; "
                                "run tidegate down, then tidegate up",
                                pin.string(), info.type, info.key_size, info.value_size, spec.type,
                                spec.key_size, spec.value_size));
    }
    return PinnedMap(std::move(fd), spec, info.max_entries);
}

std::unexpected<Error> PinnedMap::failed(const char *what, int error) const
{
    return fail(fmt::format("map {}: cannot {}: {}", spec_.name, what, std::strerror(error)));
}

std::string PinnedMap::no_such_index(std::uint32_t index) const
{
    return fmt::format("map {}: index {} is not below {}", spec_.name, index, max_entries_);
}

Result<bool> PinnedMap::lookup(const void *key, [[maybe_unused]] std::size_t key_size, void *value,
                               [[maybe_unused]] std::size_t value_size) const
{
    assert(key_size == spec_.key_size && value_size >= spec_.value_size);
    if (bpf_map_lookup_elem(fd_.get(), key, value) == 0) {
        return true;
    }
    if (errno == ENOENT) {
        return false;
    }
    return failed("read", errno);
}

Result<void> PinnedMap::update(const void *key, [[maybe_unused]] std::size_t key_size,
                               const void *value, [[maybe_unused]] std::size_t value_size) const
{
    assert(key_size == spec_.key_size && value_size >= spec_.value_size);
    if (bpf_map_update_elem(fd_.get(), key, value, BPF_ANY) != 0) {
        return failed("write", errno);
    }
    return {};
}

Result<bool> PinnedMap::remove(const void *key, [[maybe_unused]] std::size_t key_size) const
{
    assert(key_size == spec_.key_size);
    if (bpf_map_delete_elem(fd_.get(), key) == 0) {
        return true;
    }
    if (errno == ENOENT) {
        return false;
    }
    return failed("remove", errno);
}

Result<bool> PinnedMap::next_key(const void *previous, void *key,
                                 [[maybe_unused]] std::size_t key_size) const
{
    assert(key_size == spec_.key_size);
    if (bpf_map_get_next_key(fd_.get(), previous, key) == 0) {
        return true;
    }
    if (errno == ENOENT) {
        return false;
    }
    return failed("list", errno);
}

} // namespace tg::maps
