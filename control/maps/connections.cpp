// SPDX-License-Identifier: Apache-2.0
#include "control/maps/connections.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <bpf/bpf.h>
#include <fmt/format.h>

#include "control/maps/program.h"
#include "tidegate/maps.h"

namespace tg::maps {

namespace {

constexpr MapSpec slabs_spec = {"tg_slabs", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4};
constexpr int copy_tries = 4;
constexpr int slab_tries = 4;

bool is_connection(__u64 word)
{
    return (tg_word_flags(word) & TG_CONN_FLAG_CONFIRMED) != 0;
}

// A copy of one life of the record; false: it is no connection, or changes too fast to tell.
bool copy_record(const tg_conn &record, tg_conn &copy)
{
    for (int i = 0; i < copy_tries; i++) {
        const __u64 before = __atomic_load_n(&record.word, __ATOMIC_ACQUIRE);
        if (!is_connection(before)) {
            return false;
        }
        std::memcpy(&copy, &record, sizeof copy);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        const __u64 after = __atomic_load_n(&record.word, __ATOMIC_RELAXED);
        if (tg_word_generation(before) == tg_word_generation(after) && is_connection(after)) {
            copy.word = after;
            return true;
        }
    }
    return false;
}

} // namespace

Result<Connections> Connections::open(const std::filesystem::path &bpffs)
{
    Result<PinnedMap> map = PinnedMap::open(bpffs, slabs_spec);
    if (!map) {
        return std::unexpected(map.error());
    }
    return Connections(std::move(*map));
}

Result<Connections::Slab> Connections::records(std::uint32_t slab) const
{
    // A table that shrinks takes a slab away between its number and its descriptor; looked for
    // again it is gone, or another one.
    for (int i = 0; i < slab_tries && slab < slabs_.max_entries(); i++) {
        const Result<std::optional<std::uint32_t>> found = slabs_.find<std::uint32_t>(slab);
        if (!found) {
            return std::unexpected(found.error());
        }
        const std::optional<std::uint32_t> &map = *found;
        if (!map) {
            return nullptr;
        }
        Result<Slab> seen = view(slab, *map);
        if (!seen || *seen) {
            return seen;
        }
    }
    return nullptr;
}

Result<Connections::Slab> Connections::view(std::uint32_t slab, std::uint32_t map) const
{
    const std::lock_guard lock(views_->mutex);
    views_->slabs.resize(std::max<std::size_t>(views_->slabs.size(), slab + 1));
    Views::View &view = views_->slabs[slab];
    if (view.map == map) {
        return view.slab;
    }
    const Fd fd(bpf_map_get_fd_by_id(map));
    if (!fd) {
        return errno == ENOENT ? Result<Slab>(nullptr) : slabs_.failed("open a slab of", errno);
    }
    auto mapped = std::make_shared<const Mapping>(fd.get(), TG_LIMIT_SLAB_RECORDS * sizeof(tg_conn),
                                                  PROT_READ);
    if (!*mapped) {
        return slabs_.failed("map a slab of", errno);
    }
    view = {map, std::move(mapped)};
    return view.slab;
}

Result<void> Connections::read(ConnectionCursor &cursor, std::vector<tg_conn> &slice,
                               const Wanted &wanted) const
{
    slice.clear();
    const Result<Slab> slab = records(cursor.next / TG_LIMIT_SLAB_RECORDS);
    if (!slab) {
        return std::unexpected(slab.error());
    }
    if (*slab == nullptr) {
        cursor.at_end = true;
        return {};
    }
    const auto *records = (*slab)->as<const tg_conn>();
    slice.reserve(slice_records);
    tg_conn copy;
    do {
        const tg_conn &record = records[cursor.next % TG_LIMIT_SLAB_RECORDS];
        if (is_connection(record.word) && (!wanted || wanted(record)) &&
            copy_record(record, copy)) {
            slice.push_back(copy);
        }
        cursor.next++;
    } while (cursor.next % TG_LIMIT_SLAB_RECORDS != 0 && slice.size() < slice_records);
    return {};
}

Result<SweepProgram> SweepProgram::open(const std::filesystem::path &bpffs)
{
    Result<Fd> fd = open_program(bpffs, "sweep");
    if (!fd) {
        return std::unexpected(fd.error());
    }
    return SweepProgram(std::move(*fd));
}

Result<std::uint64_t> SweepProgram::run(std::span<const tg_sweep_key> keys) const
{
    std::uint64_t removed = 0;
    while (!keys.empty()) {
        const auto some = keys.first(std::min<std::size_t>(keys.size(), TG_LIMIT_SWEEP_KEYS));
        bpf_test_run_opts options = {};
        options.sz = sizeof options;
        options.data_in = some.data();
        options.data_size_in = static_cast<std::uint32_t>(some.size_bytes());
        options.repeat = 1;
        if (bpf_prog_test_run_opts(fd_.get(), &options) != 0) {
            return fail(fmt::format("cannot run the sweep program: {}", std::strerror(errno)));
        }
        // A negative return value is the program's way to say that it could not read its keys.
        if (options.retval > some.size()) {
            return fail(fmt::format("the sweep program failed on {} keys", some.size()));
        }
        removed += options.retval;
        keys = keys.subspan(some.size());
    }
    return removed;
}

} // namespace tg::maps
