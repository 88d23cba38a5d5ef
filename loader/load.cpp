// SPDX-License-Identifier: Apache-2.0
#include "loader/load.h"

#include <random>
#include <tuple>
#include <vector>

#include <bpf/bpf.h>
#include <fmt/format.h>

#include "control/maps/table_memory.h"
#include "control/maps/tick_clock.h"
#include "loader/bpffs.h"
#include "loader/kernel_log.h"
#include "loader/objects.h"
#include "loader/system.h"
#include "loader/ticks.h"
#include "tidegate/maps.h"

namespace tg::loader {
namespace fs = std::filesystem;
namespace {

// In the order of datapath_objects().
using Objects = std::vector<Object>;

fs::path maps_folder(const Instance &instance)
{
    return instance.bpffs() / TG_PIN_MAPS;
}

fs::path programs_folder(const Instance &instance)
{
    return instance.bpffs() / TG_PIN_PROGRAMS;
}

Result<Fd> open_pin(const fs::path &path)
{
    Fd fd(bpf_obj_get(path.c_str()));
    if (!fd) {
        return failed(fmt::format("open {}", path.string()), errno);
    }
    return fd;
}

Result<Objects> open_all(const Instance &instance)
{
    Objects objects;
    for (const ObjectSource &source : datapath_objects()) {
        Result<Object> object = open_object(source, maps_folder(instance));
        if (!object) {
            return std::unexpected(object.error());
        }
        objects.push_back(std::move(*object));
    }
    return objects;
}

// One map of an object against its pin, if it has one.
Result<void> check_map(const Instance &instance, const bpf_map &map)
{
    const char *path = bpf_map__pin_path(&map);
    if (path == nullptr || !fs::exists(path)) {
        return {};
    }
    const Result<Fd> pinned = open_pin(path);
    if (!pinned) {
        return std::unexpected(pinned.error());
    }
    bpf_map_info info = {};
    __u32 length = sizeof info;
    if (bpf_obj_get_info_by_fd(pinned->get(), &info, &length) != 0) {
        return failed(fmt::format("examine {}", path), errno);
    }
    if (info.type == bpf_map__type(&map) && info.key_size == bpf_map__key_size(&map) &&
        info.value_size == bpf_map__value_size(&map) &&
        info.max_entries == bpf_map__max_entries(&map)) {
        return {};
    }
    return fail(fmt::format("map {} has {} entries with keys of {} and values of {} bytes, this "
                            "build reads {} with {} and {}: {}",
                            bpf_map__name(&map), info.max_entries, info.key_size, info.value_size,
                            bpf_map__max_entries(&map), bpf_map__key_size(&map),
                            bpf_map__value_size(&map), down_first(instance)));
}

Result<void> check_maps(const Instance &instance, const Objects &objects)
{
    for (const Object &object : objects) {
        bpf_map *map = nullptr;
        bpf_object__for_each_map(map, object.get())
        {
            if (const Result<void> fits = check_map(instance, *map); !fits) {
                return fits;
            }
        }
    }
    return {};
}

bool all_programs_pinned(const Instance &instance, const Objects &objects)
{
    for (std::size_t i = 0; i < objects.size(); ++i) {
        bpf_program *program = nullptr;
        bpf_object__for_each_program(program, objects[i].get())
        {
            if (!datapath_objects()[i].on_demand &&
                !fs::exists(programs_folder(instance) / bpf_program__name(program))) {
                return false;
            }
        }
    }
    return true;
}

Result<LoadState> state_of(const Instance &instance, const Objects &objects)
{
    if (!bpffs_mounted(instance)) {
        return LoadState::absent;
    }
    if (!fs::exists(maps_folder(instance) / "tg_layout")) {
        return LoadState::partial;
    }
    const Result<tg_layout> layout = read_layout(instance);
    if (!layout) {
        return std::unexpected(layout.error());
    }
    if (layout->magic == 0) {
        return LoadState::partial;
    }
    if (const Result<void> readable = check_layout(*layout, instance); !readable) {
        return std::unexpected(readable.error());
    }
    if (const Result<void> fits = check_maps(instance, objects); !fits) {
        return std::unexpected(fits.error());
    }
    return all_programs_pinned(instance, objects) ? LoadState::complete : LoadState::partial;
}

// Random, so that no packet's metadata is taken for that of another instance or an earlier life.
std::uint32_t instance_number()
{
    std::random_device random;
    return random() | 1u;
}

Result<void> write_layout(const Instance &instance)
{
    const Result<Ticks> ticks = measure_ticks();
    if (!ticks) {
        return std::unexpected(ticks.error());
    }
    const Result<Fd> map = pinned_map(instance, "tg_layout");
    if (!map) {
        return std::unexpected(map.error());
    }
    const __u32 zero = 0;
    const tg_layout layout = {.magic = TG_LAYOUT_MAGIC,
                              .version = TG_LAYOUT_VERSION,
                              .ticks_per_second = ticks->per_second,
                              .instance = instance_number(),
                              .awake_offset_ns = ticks->awake_offset_ns};
    if (bpf_map_update_elem(map->get(), &zero, &layout, BPF_ANY) != 0) {
        return failed("write the layout record", errno);
    }
    return {};
}

// Enough to begin with; the agent, which knows max-connections, makes it larger.
constexpr std::uint64_t first_connections = 8192;

Result<void> create_table(const Instance &instance)
{
    Result<maps::TableMemory> memory = maps::TableMemory::open(instance.bpffs());
    const Result<tg_layout> layout = read_layout(instance);
    if (!memory || !layout) {
        return std::unexpected(memory ? layout.error() : memory.error());
    }
    std::random_device random;
    const std::uint64_t seed = std::uint64_t{random()} << 32 | random();
    return memory->create(maps::table_size(first_connections), seed,
                          TickClock(*layout, host_clock()).now());
}

Result<void> pin_program(const Instance &instance, const bpf_program &program)
{
    const fs::path path = programs_folder(instance) / bpf_program__name(&program);
    std::error_code ignored;
    fs::remove(path, ignored); // of a loader that died before it had pinned all
    if (bpf_obj_pin(bpf_program__fd(&program), path.c_str()) != 0) {
        return failed(fmt::format("pin {}", path.string()), errno);
    }
    return {};
}

Result<void> pin_programs(const Instance &instance, const Objects &objects)
{
    for (std::size_t i = 0; i < objects.size(); ++i) {
        bpf_program *program = nullptr;
        bpf_object__for_each_program(program, objects[i].get())
        {
            if (datapath_objects()[i].on_demand) {
                break;
            }
            if (const Result<void> pinned = pin_program(instance, *program); !pinned) {
                return pinned;
            }
        }
    }
    return {};
}

Result<void> load_all(const Instance &instance, const Objects &objects)
{
    for (std::size_t i = 0; i < objects.size(); ++i) {
        const ObjectSource &source = datapath_objects()[i];
        if (source.on_demand) {
            continue;
        }
        if (const Result<void> loaded = load_object(source, *objects[i]); !loaded) {
            return loaded;
        }
    }
    // The layout record says that all maps are there; the programs, that the record is.
    if (const Result<void> written = write_layout(instance); !written) {
        return written;
    }
    if (const Result<void> created = create_table(instance); !created) {
        return created;
    }
    return pin_programs(instance, objects);
}

// Loads and pins a program that is not, out of the objects that are loaded on demand.
Result<void> add_program(const Instance &instance, const char *name)
{
    for (const ObjectSource &source : datapath_objects()) {
        if (!source.on_demand) {
            continue;
        }
        const Result<Object> object = open_object(source, maps_folder(instance));
        if (!object) {
            return std::unexpected(object.error());
        }
        bpf_program *program = bpf_object__find_program_by_name(object->get(), name);
        if (program == nullptr) {
            continue;
        }
        const Result<void> loaded = load_program(source, **object, *program);
        take_kernel_log();
        return loaded ? pin_program(instance, *program) : loaded;
    }
    return {};
}

} // namespace

Result<void> check_layout(const tg_layout &layout, const Instance &instance)
{
    if (layout.magic != TG_LAYOUT_MAGIC) {
        return fail(fmt::format("maps/tg_layout holds no layout record of Tidegate: {}",
                                down_first(instance)));
    }
    if (layout.version != TG_LAYOUT_VERSION) {
        return fail(fmt::format("layout version {} found, this build reads {}: {}", layout.version,
                                TG_LAYOUT_VERSION, down_first(instance)));
    }
    return {};
}

Result<tg_layout> read_layout(const Instance &instance)
{
    const Result<Fd> map = pinned_map(instance, "tg_layout");
    if (!map) {
        return std::unexpected(map.error());
    }
    bpf_map_info info = {};
    __u32 length = sizeof info;
    if (bpf_obj_get_info_by_fd(map->get(), &info, &length) != 0) {
        return failed("examine maps/tg_layout", errno);
    }
    if (info.key_size != sizeof(__u32) || info.value_size != sizeof(tg_layout)) {
        return fail(fmt::format("the layout record has {} bytes, this build reads {}: {}",
                                info.value_size, sizeof(tg_layout), down_first(instance)));
    }
    const __u32 zero = 0;
    tg_layout layout = {};
    if (bpf_map_lookup_elem(map->get(), &zero, &layout) != 0) {
        return failed("read maps/tg_layout", errno);
    }
    return layout;
}

Result<Fd> pinned_program(const Instance &instance, const char *name)
{
    const fs::path path = programs_folder(instance) / name;
    if (!fs::exists(path)) {
        if (const Result<void> added = add_program(instance, name); !added) {
            return std::unexpected(added.error());
        }
    }
    return open_pin(path);
}

Result<Fd> pinned_map(const Instance &instance, const char *name)
{
    return open_pin(maps_folder(instance) / name);
}

Result<LoadState> load_state(const Instance &instance)
{
    const Result<Objects> objects = open_all(instance);
    if (!objects) {
        return std::unexpected(objects.error());
    }
    return state_of(instance, *objects);
}

Result<void> load(const Instance &instance)
{
    const Result<Objects> objects = open_all(instance);
    if (!objects) {
        return std::unexpected(objects.error());
    }
    const Result<LoadState> before = state_of(instance, *objects);
    if (!before) {
        return std::unexpected(before.error());
    }
    if (*before == LoadState::complete) {
        return {};
    }
    Result<void> done = mount_bpffs(instance);
    if (done) {
        done = load_all(instance, *objects);
    }
    take_kernel_log();
    if (!done && *before == LoadState::absent) {
        // The reason is already known; what cannot be removed stays for `detach`.
        std::ignore = remove_bpffs(instance);
    }
    return done;
}

} // namespace tg::loader
