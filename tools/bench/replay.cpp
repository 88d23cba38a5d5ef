// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/replay.h"

#include <cerrno>

#include <bpf/bench_replay.skel.h>
#include <bpf/bpf.h>
#include <fmt/format.h>

#include "control/base/fd.h"
#include "control/conntrack/view.h"
#include "control/maps/connections.h"
#include "loader/netns.h"
#include "loader/system.h"

namespace tg::bench {
using loader::failed;
namespace {

constexpr loader::ObjectSource source = {"bench_replay", bench_replay_bpf__elf_bytes};

} // namespace

Result<Replayer> Replayer::open()
{
    Result<loader::Object> object = loader::open_object(source, {});
    if (!object) {
        return std::unexpected(object.error());
    }
    if (const Result<void> loaded = loader::load_object(source, **object); !loaded) {
        return std::unexpected(loaded.error());
    }
    return Replayer(std::move(*object));
}

Result<Replayed> Replayer::run(const Replay &replay, const bench_traffic &traffic)
{
    if (const auto entered = loader::enter_netns(loader::netns_path(replay.netns)); !entered) {
        return std::unexpected(entered.error());
    }
    const bool pinned = replay.program.find('/') != std::string::npos;
    const Fd opened(pinned ? bpf_obj_get(replay.program.c_str()) : -1);
    const auto own = [&](const char *name) {
        return bpf_program__fd(bpf_object__find_program_by_name(object_.get(), name));
    };
    const int measured = pinned ? opened.get() : own(replay.program.c_str());
    const std::uint32_t zero = 0;
    const int targets = bpf_object__find_map_fd_by_name(
        object_.get(), replay.xdp ? "bench_xdp_target" : "bench_tc_target");
    if (bpf_map_update_elem(targets, &zero, &measured, BPF_ANY) != 0) {
        return failed(fmt::format("call program {}", replay.program), errno);
    }
    bpf_map_update_elem(bpf_object__find_map_fd_by_name(object_.get(), "bench_traffic"), &zero,
                        &traffic, BPF_ANY);
    Frame frame = first_frame(traffic);
    xdp_md xdp = {.data_end = BENCH_FRAME, .ingress_ifindex = replay.ifindex};
    __sk_buff skb = {};
    skb.ifindex = replay.ifindex;
    skb.ingress_ifindex = replay.ingress_ifindex;
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_size_in = BENCH_FRAME,
                .repeat = static_cast<int>(replay.count));
    options.ctx_in = replay.xdp ? static_cast<void *>(&xdp) : &skb;
    options.ctx_size_in = replay.xdp ? sizeof xdp : sizeof skb;
    const int error = bpf_prog_test_run_opts(
        replay.bare ? measured : own(replay.xdp ? "replay_xdp" : "replay_tc"), &options);
    if (error != 0) {
        return failed(fmt::format("run program {}", replay.program), -error);
    }
    return Replayed{.ns = options.duration, .answer = options.retval};
}

Result<std::uint64_t> forget_connections(const std::string &bpffs)
{
    const auto table = maps::Connections::open(bpffs);
    const auto sweep = maps::SweepProgram::open(bpffs);
    if (!table || !sweep) {
        return std::unexpected(table ? sweep.error() : table.error());
    }
    std::vector<tg_sweep_key> keys;
    std::vector<tg_conn> slice;
    for (maps::ConnectionCursor cursor; !cursor.at_end;) {
        if (const Result<void> read = table->read(cursor, slice); !read) {
            return std::unexpected(read.error());
        }
        for (const tg_conn &record : slice) {
            keys.push_back(sweep_key(name_of(record), true));
        }
    }
    return sweep->run(keys);
}

} // namespace tg::bench
