// SPDX-License-Identifier: Apache-2.0
#include "control/maps/connections.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <bpf/bpf.h>
#include <fmt/format.h>

#include "tidegate/maps.h"

namespace tg::maps {

namespace {

constexpr MapSpec connections_spec = {"tg_conns", BPF_MAP_TYPE_HASH, sizeof(tg_conn_key),
                                      sizeof(tg_conn)};

} // namespace

Result<Connections> Connections::open(const std::filesystem::path &bpffs)
{
    Result<PinnedMap> map = PinnedMap::open(bpffs, connections_spec);
    if (!map) {
        return std::unexpected(map.error());
    }
    return Connections(std::move(*map));
}

Result<void> Connections::read(ConnectionCursor &cursor, std::vector<ConnectionEntry> &slice) const
{
    slice.clear();
    std::vector<tg_conn_key> keys;
    std::vector<tg_conn> records;
    for (std::uint32_t room = slice_records; !cursor.at_end; room *= 2) {
        keys.resize(room);
        records.resize(room);
        std::uint32_t count = room;
        ConnectionCursor next = cursor;
        const int error =
            bpf_map_lookup_batch(map_.fd(), cursor.started ? cursor.token.data() : nullptr,
                                 next.token.data(), keys.data(), records.data(), &count, nullptr);
        const int reason = error == 0 ? 0 : errno;
        // The kernel hands out whole hash buckets: this one has more records than there is room.
        if (reason == ENOSPC && room < slice_records_max) {
            continue;
        }
        if (reason != 0 && reason != ENOENT) {
            return map_.failed("read", reason);
        }
        slice.reserve(count);
        for (std::uint32_t i = 0; i < count; i++) {
            slice.push_back({keys[i], records[i]});
        }
        cursor = next;
        cursor.started = true;
        cursor.at_end = reason == ENOENT;
        break;
    }
    return {};
}

Result<SweepProgram> SweepProgram::open(const std::filesystem::path &bpffs)
{
    const std::filesystem::path pin = bpffs / TG_PIN_PROGRAMS / "sweep";
    Fd fd(bpf_obj_get(pin.c_str()));
    if (!fd) {
        return fail(fmt::format("{}: cannot open: {}", pin.string(), std::strerror(errno)));
    }
    bpf_prog_info info = {};
    std::uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0 ||
        info.type != BPF_PROG_TYPE_SCHED_CLS) {
        return fail(fmt::format("{}: is not the sweep program; run tidegate down, then tidegate up",
                                pin.string()));
    }
    return SweepProgram(std::move(fd));
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
