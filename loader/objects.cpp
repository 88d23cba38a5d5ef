// SPDX-License-Identifier: Apache-2.0
#include "loader/objects.h"

#include <cstring>

#include <bpf/clock.skel.h>
#include <bpf/explain.skel.h>
#include <bpf/redirect_probe.skel.h>
#include <bpf/redirect_watch.skel.h>
#include <bpf/reinject.skel.h>
#include <bpf/sweep.skel.h>
#include <bpf/tc_egress.skel.h>
#include <bpf/tc_ingress.skel.h>
#include <bpf/xdp_ingress.skel.h>
#include <fmt/format.h>

#include "loader/kernel_log.h"

namespace tg::loader {
namespace {

constexpr ObjectSource sources[] = {
    {"tc_ingress", tc_ingress_bpf__elf_bytes}, {"tc_egress", tc_egress_bpf__elf_bytes},
    {"sweep", sweep_bpf__elf_bytes},           {"explain", explain_bpf__elf_bytes},
    {"reinject", reinject_bpf__elf_bytes},     {"xdp_ingress", xdp_ingress_bpf__elf_bytes, true},
};

constexpr ObjectSource clock_source = {"clock", clock_bpf__elf_bytes};
constexpr ObjectSource redirect_probe_source = {"redirect_probe", redirect_probe_bpf__elf_bytes};
constexpr ObjectSource redirect_watch_source = {"redirect_watch", redirect_watch_bpf__elf_bytes};

std::unexpected<Error> refused(const char *verb, const ObjectSource &source, int error)
{
    const std::string log = take_kernel_log();
    return fail(fmt::format("cannot {} BPF object {}: {} (Linux 6.1 or newer is needed){}{}", verb,
                            source.name, std::strerror(error),
                            log.empty() ? "" : "\nthe kernel says:\n", log));
}

} // namespace

std::span<const ObjectSource> datapath_objects()
{
    return sources;
}

const ObjectSource &clock_object()
{
    return clock_source;
}

const ObjectSource &redirect_probe_object()
{
    return redirect_probe_source;
}

const ObjectSource &redirect_watch_object()
{
    return redirect_watch_source;
}

Result<Object> open_object(const ObjectSource &source, const std::filesystem::path &maps)
{
    std::size_t size = 0;
    const void *bytes = source.bytes(&size);
    LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = source.name,
                .pin_root_path = maps.c_str());
    Object object(bpf_object__open_mem(bytes, size, &options));
    if (!object) {
        return refused("open", source, errno);
    }
    return object;
}

Result<void> load_object(const ObjectSource &source, bpf_object &object)
{
    if (const int result = bpf_object__load(&object); result != 0) {
        return refused("load", source, -result);
    }
    return {};
}

Result<void> load_program(const ObjectSource &source, bpf_object &object, bpf_program &program)
{
    bpf_program *each = nullptr;
    bpf_object__for_each_program(each, &object)
    {
        bpf_program__set_autoload(each, each == &program);
    }
    return load_object(source, object);
}

} // namespace tg::loader
