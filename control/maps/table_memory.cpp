// SPDX-License-Identifier: Apache-2.0
#include "control/maps/table_memory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <bpf/bpf.h>
#include <fmt/format.h>

#include "tidegate/conn.h"
#include "tidegate/maps.h"

namespace tg::maps {

namespace {

constexpr MapSpec shape_spec = {"tg_shape", BPF_MAP_TYPE_ARRAY, 4, sizeof(tg_shape)};
constexpr MapSpec slabs_spec = {"tg_slabs", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4};
constexpr MapSpec rings_spec = {"tg_rings", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4};
constexpr MapSpec indexes_spec = {"tg_indexes", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4};

Result<Fd> make_array(const char *name, std::uint32_t value_size, std::uint32_t elements,
                      std::uint32_t flags)
{
    bpf_map_create_opts options = {};
    options.sz = sizeof options;
    options.map_flags = flags;
    Fd fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(std::uint32_t), value_size, elements,
                         &options));
    if (!fd) {
        return fail(fmt::format("connection table: cannot get {} KiB of memory for {}: {}",
                                std::uint64_t{value_size} * elements / 1024, name,
                                std::strerror(errno)));
    }
    return fd;
}

Result<Fd> open_inner(const PinnedMap &map, std::uint32_t element)
{
    const Result<std::uint32_t> id = map.at<std::uint32_t>(element);
    if (!id) {
        return std::unexpected(id.error());
    }
    Fd fd(bpf_map_get_fd_by_id(*id));
    if (!fd) {
        return map.failed("open an element of", errno);
    }
    return fd;
}

// A write to a map of maps returns when every packet that may have seen what was there is done; so
// the same element is written once more.
Result<void> wait_for_packets(const PinnedMap &map, std::uint32_t element)
{
    const Result<Fd> inner = open_inner(map, element);
    return inner ? map.put(element, inner->get()) : std::unexpected(inner.error());
}

std::uint32_t in_force(__u64 indexes)
{
    return static_cast<std::uint32_t>(indexes & TG_SHAPE_IN_FORCE);
}

} // namespace

Result<TableMemory> TableMemory::open(const std::filesystem::path &bpffs)
{
    Result<PinnedMap> shape = PinnedMap::open(bpffs, shape_spec);
    Result<PinnedMap> slabs = PinnedMap::open(bpffs, slabs_spec);
    Result<PinnedMap> rings = PinnedMap::open(bpffs, rings_spec);
    Result<PinnedMap> indexes = PinnedMap::open(bpffs, indexes_spec);
    for (const Result<PinnedMap> *map : {&shape, &slabs, &rings, &indexes}) {
        if (!*map) {
            return std::unexpected(map->error());
        }
    }
    Mapping mapping(shape->fd(), sizeof(tg_shape), PROT_READ | PROT_WRITE);
    if (!mapping) {
        return shape->failed("map", errno);
    }
    return TableMemory(std::move(*slabs), std::move(*rings), std::move(*indexes),
                       std::move(mapping), bpffs / TG_PIN_PROGRAMS);
}

tg_shape TableMemory::shape() const
{
    return *shape_.as<tg_shape>();
}

TableSize TableMemory::size() const
{
    const tg_shape now = shape();
    return {now.open, tg_shape_heads(now.indexes, in_force(now.indexes))};
}

void TableMemory::publish(__u64 indexes)
{
    __atomic_store_n(&shape_.as<tg_shape>()->indexes, indexes, __ATOMIC_SEQ_CST);
}

Result<void> TableMemory::create(const TableSize &size, std::uint64_t seed, std::uint64_t now)
{
    auto *shape = shape_.as<tg_shape>();
    if (shape->indexes == 0) {
        shape->seed = seed;
        if (const Result<void> added = add_index(0, size.heads); !added) {
            return added;
        }
        publish(tg_shape_of(0, size.heads));
    }
    return shape->slabs < size.slabs ? resize({size.slabs, this->size().heads}, now)
                                     : Result<void>();
}

Result<void> TableMemory::grow(const TableSize &size, std::uint64_t now)
{
    const TableSize now_open = this->size();
    return resize({std::max(size.slabs, now_open.slabs),
                   std::max({size.heads, now_open.heads, wanted_heads_})},
                  now);
}

Result<void> TableMemory::resize(const TableSize &size, std::uint64_t now)
{
    auto *shape = shape_.as<tg_shape>();
    while (shape->slabs < size.slabs) {
        if (const Result<void> added = add_slab(now); !added) {
            return added;
        }
    }
    if (shape->open != size.slabs) {
        __atomic_store_n(&shape->open, size.slabs, __ATOMIC_SEQ_CST);
        closed_ = false;
    }
    wanted_heads_ = size.heads;
    return {};
}

Result<void> TableMemory::add_slab(std::uint64_t now)
{
    auto *shape = shape_.as<tg_shape>();
    const std::uint32_t slab = shape->slabs, zero = 0;
    const Result<Fd> records =
        make_array("tg_slab", sizeof(tg_conn), TG_LIMIT_SLAB_RECORDS, BPF_F_MMAPABLE);
    const Result<Fd> ring = make_array("tg_ring", sizeof(tg_ring), 1, 0);
    if (!records || !ring) {
        return std::unexpected(records ? ring.error() : records.error());
    }
    if (bpf_map_update_elem(ring->get(), &zero, full_ring(slab, now).get(), BPF_ANY) != 0) {
        return rings_.failed("fill", errno);
    }
    // The records before the ids that lead to them.
    if (const Result<void> put = slabs_.put(slab, records->get()); !put) {
        return put;
    }
    if (const Result<void> put = rings_.put(slab, ring->get()); !put) {
        return put;
    }
    __atomic_store_n(&shape->slabs, slab + 1, __ATOMIC_SEQ_CST);
    return {};
}

Result<void> TableMemory::add_index(std::uint32_t index, std::uint32_t count)
{
    const Result<Fd> heads = make_array("tg_index", sizeof(__u64), count, BPF_F_INNER_MAP);
    if (!heads) {
        return std::unexpected(heads.error());
    }
    // A write to a map of maps returns when no packet uses what was there before.
    return indexes_.put(index, heads->get());
}

Result<bool> TableMemory::step(std::uint64_t connections)
{
    const tg_shape now = shape();
    const bool moving = (now.indexes & TG_SHAPE_MOVING) != 0;
    const bool other_size =
        wanted_heads_ != 0 && wanted_heads_ != size().heads && connections <= wanted_heads_;
    if (!moving && !other_size) {
        return now.slabs > now.open ? remove_slab() : Result<bool>(false);
    }
    const std::uint32_t left = in_force(now.indexes) ^ 1u;
    const Result<void> done = !moving_                                     ? begin_move()
                              : moved_ < tg_shape_heads(now.indexes, left) ? move_slice()
                                                                           : end_move();
    return done ? Result<bool>(true) : std::unexpected(done.error());
}

// New connections go to the new index from now on. Only when all packets know of both may the
// first record leave the old one.
Result<void> TableMemory::begin_move()
{
    const std::filesystem::path pin = programs_ / "move";
    move_.reset(bpf_obj_get(pin.c_str()));
    if (!move_) {
        return fail(fmt::format("{}: cannot open: {}", pin.string(), std::strerror(errno)));
    }
    const tg_shape now = shape();
    const std::uint32_t left = in_force(now.indexes), next = left ^ 1u;
    if ((now.indexes & TG_SHAPE_MOVING) == 0) {
        if (const Result<void> added = add_index(next, wanted_heads_); !added) {
            return added;
        }
        publish(next | TG_SHAPE_MOVING | tg_shape_of(left, tg_shape_heads(now.indexes, left)) |
                tg_shape_of(next, wanted_heads_));
    }
    moving_ = true;
    moved_ = left_behind_ = 0;
    return wait_for_packets(indexes_, in_force(shape().indexes));
}

Result<void> TableMemory::move_slice()
{
    const __u64 indexes = shape().indexes;
    const std::uint32_t heads = tg_shape_heads(indexes, in_force(indexes) ^ 1u);
    const tg_move_range range = {moved_, std::min(step_heads, heads - moved_)};
    bpf_test_run_opts options = {};
    options.sz = sizeof options;
    std::array<std::uint8_t, 64> packet = {}; // the kernel takes no frame shorter than a header
    std::memcpy(packet.data(), &range, sizeof range);
    options.data_in = packet.data();
    options.data_size_in = packet.size();
    options.repeat = 1;
    if (bpf_prog_test_run_opts(move_.get(), &options) != 0) {
        return fail(fmt::format("cannot run the move program: {}", std::strerror(errno)));
    }
    left_behind_ += options.retval;
    moved_ += range.count;
    return {};
}

Result<void> TableMemory::end_move()
{
    if (left_behind_ != 0) {
        moved_ = left_behind_ = 0; // another round
        return {};
    }
    const __u64 indexes = shape().indexes;
    const std::uint32_t now = in_force(indexes), left = now ^ 1u;
    publish(now | tg_shape_of(now, tg_shape_heads(indexes, now)));
    moving_ = false;
    const Result<bool> erased = indexes_.erase(left);
    return erased ? Result<void>() : std::unexpected(erased.error());
}

Result<bool> TableMemory::slab_is_free(std::uint32_t slab) const
{
    const Result<Fd> map = open_inner(rings_, slab);
    if (!map) {
        return std::unexpected(map.error());
    }
    const auto ring = std::make_unique<tg_ring>();
    const std::uint32_t zero = 0;
    if (bpf_map_lookup_elem(map->get(), &zero, ring.get()) != 0) {
        return rings_.failed("read a ring of", errno);
    }
    return ring->given - ring->taken == TG_LIMIT_SLAB_RECORDS;
}

Result<bool> TableMemory::remove_slab()
{
    auto *shape = shape_.as<tg_shape>();
    const std::uint32_t slab = shape->slabs - 1;
    if (!closed_) {
        if (const Result<void> waited = wait_for_packets(rings_, slab); !waited) {
            return std::unexpected(waited.error());
        }
        closed_ = true;
    }
    if (const Result<bool> is_free = slab_is_free(slab); !is_free || !*is_free) {
        return is_free;
    }
    __atomic_store_n(&shape->slabs, slab, __ATOMIC_SEQ_CST);
    for (const PinnedMap *map : {&rings_, &slabs_}) {
        if (const Result<bool> erased = map->erase(slab); !erased) {
            return erased;
        }
    }
    return true;
}

} // namespace tg::maps
