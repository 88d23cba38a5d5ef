// SPDX-License-Identifier: Apache-2.0
#include "loader/redirect_watch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>

#include <bpf/bpf.h>
#include <fmt/format.h>

#include "control/base/fd.h"
#include "loader/kernel_log.h"
#include "loader/objects.h"
#include "tidegate/maps.h"

namespace tg::loader {
namespace fs = std::filesystem;
namespace {

constexpr std::array<const char *, 2> programs = {"redirect_sent", "redirect_refused"};

fs::path link_path(const Instance &instance, const char *program)
{
    return instance.bpffs() / TG_PIN_LINKS / program;
}

Result<void> tell_namespace(bpf_object &object)
{
    struct stat netns = {};
    if (::stat("/proc/thread-self/ns/net", &netns) != 0) {
        return fail("cannot tell this network namespace");
    }
    const auto number = static_cast<__u32>(netns.st_ino);
    bpf_map *constants = bpf_object__find_map_by_name(&object, ".rodata");
    if (const int error = bpf_map__set_initial_value(constants, &number, sizeof number);
        error != 0) {
        return fail(fmt::format("cannot set the namespace: {}", std::strerror(-error)));
    }
    return {};
}

Result<void> listen(const Instance &instance, const bpf_object &object)
{
    for (const char *name : programs) {
        const bpf_program *program = bpf_object__find_program_by_name(&object, name);
        const Fd link(bpf_raw_tracepoint_open(nullptr, bpf_program__fd(program)));
        const fs::path path = link_path(instance, name);
        ::unlink(path.c_str()); // of a loader that died between the two
        if (!link || bpf_obj_pin(link.get(), path.c_str()) != 0) {
            return fail(fmt::format("cannot listen to redirects: {}", std::strerror(errno)));
        }
    }
    return {};
}

} // namespace

Result<void> start_redirect_watch(const Instance &instance)
{
    if (redirect_watched(instance)) {
        return {};
    }
    const ObjectSource &source = redirect_watch_object();
    Result<Object> object = open_object(source, instance.bpffs() / TG_PIN_MAPS);
    if (!object) {
        return std::unexpected(object.error());
    }
    Result<void> done = tell_namespace(**object);
    if (done) {
        done = load_object(source, **object);
    }
    if (done) {
        done = listen(instance, **object);
    }
    take_kernel_log();
    if (!done) {
        stop_redirect_watch(instance);
    }
    return done;
}

bool redirect_watched(const Instance &instance)
{
    return std::ranges::all_of(
        programs, [&](const char *program) { return fs::exists(link_path(instance, program)); });
}

void stop_redirect_watch(const Instance &instance)
{
    for (const char *program : programs) {
        ::unlink(link_path(instance, program).c_str());
    }
}

} // namespace tg::loader
