// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/live.h"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>

#include <bpf/bench_live.skel.h>
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>

#include "loader/netns.h"
#include "loader/system.h"

namespace tg::bench {
namespace fs = std::filesystem;
using loader::failed;
namespace {

constexpr loader::ObjectSource source = {"bench_live", bench_live_bpf__elf_bytes};
constexpr std::uint32_t batch = 64; // as a card's driver polls

int program_of(const loader::Object &object, const char *name)
{
    return bpf_program__fd(bpf_object__find_program_by_name(object.get(), name));
}

std::uint64_t clock_ns(clockid_t clock)
{
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
}

// The kernel thread that takes soft interrupts over when they become too many; 0 if it is unknown.
std::uint64_t softirq_thread_ns()
{
    static const std::string place = [] {
        const std::string wanted = fmt::format("ksoftirqd/{}", sched_getcpu());
        std::error_code ignored;
        for (const auto &entry : fs::directory_iterator("/proc", ignored)) {
            std::string name;
            std::getline(std::ifstream(entry.path() / "comm"), name);
            if (name == wanted) {
                return (entry.path() / "schedstat").string();
            }
        }
        return std::string();
    }();
    std::uint64_t ran = 0;
    std::ifstream(place) >> ran;
    return ran;
}

Result<std::uint32_t> enter(const std::string &netns, const std::string &interface)
{
    const Result<void> entered = loader::enter_netns(loader::netns_path(netns));
    if (!entered) {
        return std::unexpected(entered.error());
    }
    const unsigned ifindex = if_nametoindex(interface.c_str());
    if (ifindex == 0) {
        return failed(fmt::format("find interface {}", interface), errno);
    }
    return ifindex;
}

} // namespace

Result<Live> Live::open()
{
    Result<loader::Object> object = loader::open_object(source, {});
    if (!object) {
        return std::unexpected(object.error());
    }
    if (const Result<void> loaded = loader::load_object(source, **object); !loaded) {
        return std::unexpected(loaded.error());
    }
    return Live(std::move(*object));
}

Result<void> Live::attach(const std::string &netns, const std::string &interface, int program)
{
    const Result<std::uint32_t> ifindex = enter(netns, interface);
    if (!ifindex) {
        return std::unexpected(ifindex.error());
    }
    LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
    const int link = bpf_link_create(program, static_cast<int>(*ifindex), BPF_XDP, &options);
    if (link < 0) {
        return failed(fmt::format("attach to {} in {}", interface, netns), -link);
    }
    links_.emplace_back(link);
    return {};
}

Result<void> Live::attach_sink(const std::string &netns, const std::string &interface)
{
    return attach(netns, interface, program_of(object_, "sink"));
}

Result<void> Live::attach_device(const std::string &netns, const std::string &interface,
                                 const std::string &program, const std::string &target)
{
    const Result<std::uint32_t> ifindex = enter(netns, target);
    Result<loader::Object> object = loader::open_object(source, {});
    if (!ifindex || !object) {
        return std::unexpected(ifindex ? object.error() : ifindex.error());
    }
    bpf_map *constants = bpf_object__find_map_by_name(object->get(), ".rodata");
    const std::uint32_t value = *ifindex;
    if (const int error = bpf_map__set_initial_value(constants, &value, sizeof value); error != 0) {
        return failed("set the redirect's target", -error);
    }
    if (const Result<void> loaded = loader::load_object(source, **object); !loaded) {
        return loaded;
    }
    devices_.push_back(std::move(*object));
    return attach(netns, interface, program_of(devices_.back(), program.c_str()));
}

Result<Cost> Live::send(const std::string &netns, const std::string &interface,
                        const bench_traffic &traffic, std::uint32_t count)
{
    const Result<std::uint32_t> ifindex = enter(netns, interface);
    if (!ifindex) {
        return std::unexpected(ifindex.error());
    }
    bench_traffic run = traffic;
    run.ifindex = *ifindex;
    run.sent = 0;
    const int map = bpf_object__find_map_fd_by_name(object_.get(), "bench_traffic");
    const std::uint32_t zero = 0;
    Frame frame{};
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_size_in = BENCH_FRAME,
                .repeat = static_cast<int>(count), .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
                .batch_size = batch);
    bpf_map_update_elem(map, &zero, &run, BPF_ANY);
    const std::uint64_t softirq = softirq_thread_ns();
    const std::uint64_t wall = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    const int error = bpf_prog_test_run_opts(program_of(object_, "source"), &options);
    Cost cost;
    cost.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    cost.wall_ns = clock_ns(CLOCK_MONOTONIC) - wall;
    cost.cpu_ns += softirq_thread_ns() - softirq;
    if (error != 0) {
        return failed("send frames", -error);
    }
    bpf_map_lookup_elem(map, &zero, &run);
    cost.sent = run.sent;
    return cost;
}

Result<Arrived> Live::arrived(std::uint32_t ifindex) const
{
    Arrived arrived;
    static_assert(sizeof arrived == 16, "as struct bench_arrived");
    if (bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(object_.get(), "bench_arrived"),
                            &ifindex, &arrived) != 0) {
        return failed(fmt::format("read what arrived at interface {}", ifindex), errno);
    }
    return arrived;
}

} // namespace tg::bench
