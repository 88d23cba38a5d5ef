// SPDX-License-Identifier: Apache-2.0
#include "loader/redirect_probe.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>

#include <bpf/bpf.h>
#include <fmt/format.h>

#include "control/base/fd.h"
#include "loader/kernel_log.h"
#include "loader/objects.h"
#include "loader/xdp_features.h"
#include "tidegate/control.h"

namespace tg::loader {
namespace {

constexpr unsigned frames = 4;
constexpr std::size_t frame_size = 60; // the shortest Ethernet has, without its checksum

// To a locally administered address nobody has, of an EtherType kept for experiments (IEEE 802).
std::array<std::uint8_t, frame_size> probe_frame()
{
    std::array<std::uint8_t, frame_size> frame = {2, 't', 'g', 0, 0, 0, 2, 't', 'g', 0, 0, 1};
    frame[12] = 0x88;
    frame[13] = 0xb5;
    return frame;
}

struct Probe {
    Object object;
    Fd link; // of the program that hears
    int map = -1;
    int program = -1;
};

Result<Probe> load_probe()
{
    Result<Object> object = open_object(redirect_probe_object(), {});
    if (!object) {
        return std::unexpected(object.error());
    }
    if (const Result<void> loaded = load_object(redirect_probe_object(), **object); !loaded) {
        return std::unexpected(loaded.error());
    }
    Probe probe = {.object = std::move(*object), .link = Fd()};
    bpf_object *raw = probe.object.get();
    probe.map = bpf_object__find_map_fd_by_name(raw, "tg_redirect_probe");
    probe.program = bpf_program__fd(bpf_object__find_program_by_name(raw, "redirect_probe"));
    const bpf_program *heard = bpf_object__find_program_by_name(raw, "redirect_heard");
    probe.link = Fd(bpf_raw_tracepoint_open(nullptr, bpf_program__fd(heard)));
    if (!probe.link) {
        return fail(fmt::format("cannot listen to redirects: {}", std::strerror(errno)));
    }
    return probe;
}

Result<tg_redirect_probe> run(const Probe &probe, std::uint32_t ifindex)
{
    struct stat netns = {};
    if (::stat("/proc/thread-self/ns/net", &netns) != 0) {
        return fail("cannot tell this network namespace");
    }
    const __u32 zero = 0;
    tg_redirect_probe answer = {.ifindex = ifindex, .netns = static_cast<__u32>(netns.st_ino)};
    bpf_map_update_elem(probe.map, &zero, &answer, BPF_ANY);
    auto frame = probe_frame();
    // They come from the loopback interface, so what is lost here counts nowhere as a packet's
    // loss.
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_size_in = frame_size,
                .repeat = frames, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = frames);
    if (const int error = bpf_prog_test_run_opts(probe.program, &options); error != 0) {
        return fail(fmt::format("cannot send frames to try: {}", std::strerror(-error)));
    }
    bpf_map_lookup_elem(probe.map, &zero, &answer);
    return answer;
}

} // namespace

RedirectAbility probe_redirect(std::uint32_t ifindex)
{
    const Result<Probe> probe = load_probe();
    const Result<tg_redirect_probe> heard =
        probe ? run(*probe, ifindex) : std::unexpected(probe.error());
    take_kernel_log();
    if (!heard) {
        return {.why = heard.error().message};
    }
    if (heard->sent != frames || heard->lost != 0) {
        return {.why = fmt::format("{} of {} frames sent to try have left", heard->sent, frames)};
    }
    if (takes_many_buffers(ifindex)) {
        return {.takes = TG_TARGET_FRAMES | TG_TARGET_MANY_BUFFERS,
                .why = "frames sent to try have left"};
    }
    return {.takes = TG_TARGET_FRAMES,
            .why = "frames sent to try have left; those of many buffers are sent by tc"};
}

} // namespace tg::loader
