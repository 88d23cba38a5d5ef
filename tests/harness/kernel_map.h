// SPDX-License-Identifier: Apache-2.0
// The maps of a loaded object by name, and how objects come to use the same ones.
#pragma once

#include <bpf/libbpf.h>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "tests/harness/kernel_clock.h"

namespace tg::test {

struct KernelMap {
    int fd = -1;
    std::uint32_t type = 0;
    std::uint32_t key_size = 0;
    std::uint32_t value_size = 0; // as userspace sees it: of all CPUs
    std::uint32_t max_entries = 0;
};

using KernelMaps = std::map<std::string, KernelMap, std::less<>>;

// Without an own entry, the map named `name` of the object uses the one made before.
inline void share_maps(bpf_object *object, const KernelMaps &maps)
{
    bpf_map *map = nullptr;
    bpf_object__for_each_map(map, object)
    {
        const bool shared = bpf_map__pin_path(map) != nullptr;
        bpf_map__set_pin_path(map, nullptr);
        const auto found = maps.find(bpf_map__name(map));
        if (shared && found != maps.end() && bpf_map__reuse_fd(map, found->second.fd) != 0) {
            refuse(std::string("cannot share map ") + bpf_map__name(map));
        }
    }
}

} // namespace tg::test
