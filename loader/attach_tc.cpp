// SPDX-License-Identifier: Apache-2.0
#include "loader/attach_tc.h"

#include <array>
#include <cerrno>
#include <tuple>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "loader/filters.h"
#include "loader/interfaces.h"
#include "loader/kernel_log.h"
#include "loader/load.h"
#include "loader/system.h"
#include "tidegate/maps.h"

namespace tg::loader {
namespace fs = std::filesystem;
namespace {

// Newer than Debian 12's kernel headers.
constexpr auto attach_tcx_ingress = static_cast<bpf_attach_type>(46);
constexpr auto attach_tcx_egress = static_cast<bpf_attach_type>(47);

// Our filters are known by these; the priority puts them before all others.
constexpr __u32 filter_handle = 0x7d1de;
constexpr __u32 filter_priority = 1;

struct Hook {
    const char *name; // of the pin: NAME_IFINDEX
    const char *program;
    bpf_attach_type tcx;
    bpf_tc_attach_point clsact;
};

constexpr std::array<Hook, 2> hooks = {{
    {"tcx_ingress", "tc_ingress", attach_tcx_ingress, BPF_TC_INGRESS},
    {"tcx_egress", "tc_egress", attach_tcx_egress, BPF_TC_EGRESS},
}};

fs::path link_path(const Instance &instance, const Hook &hook, std::uint32_t ifindex)
{
    return instance.bpffs() / TG_PIN_LINKS / fmt::format("{}_{}", hook.name, ifindex);
}

bpf_tc_hook tc_hook(std::uint32_t ifindex, int attach_point)
{
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = static_cast<int>(ifindex),
                .attach_point = static_cast<bpf_tc_attach_point>(attach_point));
    return hook;
}

// Detached by name first: the kernel frees an unpinned link only some time later, and until then
// its program would still judge packets.
void remove_links(const Instance &instance, std::uint32_t ifindex)
{
    for (const Hook &hook : hooks) {
        const fs::path path = link_path(instance, hook, ifindex);
        if (const Fd link(bpf_obj_get(path.c_str())); link) {
            (void)bpf_link_detach(link.get()); // its device may be gone; then so is the attachment
        }
        ::unlink(path.c_str());
    }
}

// -errno; a link that is not pinned goes when its descriptor is closed.
int attach_tcx(const Instance &instance, const Hook &hook, int program, std::uint32_t ifindex)
{
    const Fd link(bpf_link_create(program, static_cast<int>(ifindex), hook.tcx, nullptr));
    if (!link) {
        return -errno;
    }
    return bpf_obj_pin(link.get(), link_path(instance, hook, ifindex).c_str()) == 0 ? 0 : -errno;
}

int attach_filter(const Hook &hook, int program, std::uint32_t ifindex)
{
    const bpf_tc_hook where = tc_hook(ifindex, hook.clsact);
    LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program, .handle = filter_handle,
                .priority = filter_priority);
    return bpf_tc_attach(&where, &options);
}

// Id of the program our filter runs; 0: there is no such filter.
std::uint32_t filter_program(const Hook &hook, std::uint32_t ifindex)
{
    const bpf_tc_hook where = tc_hook(ifindex, hook.clsact);
    LIBBPF_OPTS(bpf_tc_opts, options, .handle = filter_handle, .priority = filter_priority);
    return bpf_tc_query(&where, &options) == 0 ? options.prog_id : 0;
}

int detach_filter(const Hook &hook, std::uint32_t ifindex)
{
    const bpf_tc_hook where = tc_hook(ifindex, hook.clsact);
    LIBBPF_OPTS(bpf_tc_opts, options, .handle = filter_handle, .priority = filter_priority);
    return bpf_tc_detach(&where, &options);
}

int remove_qdisc(std::uint32_t ifindex)
{
    bpf_tc_hook both = tc_hook(ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS);
    return bpf_tc_hook_destroy(&both);
}

std::uint32_t program_id(int program)
{
    bpf_prog_info info = {};
    __u32 length = sizeof info;
    return bpf_obj_get_info_by_fd(program, &info, &length) == 0 ? info.id : 0;
}

std::uint32_t pinned_id(const Instance &instance, const Hook &hook)
{
    const Result<Fd> program = pinned_program(instance, hook.program);
    return program ? program_id(program->get()) : 0;
}

std::unexpected<Error> refused(const AttachedInterface &interface, Link link, int error)
{
    const std::string log = take_kernel_log();
    return fail(fmt::format("cannot attach to {} by {}: {}{}{}", interface.name, to_string(link),
                            std::strerror(-error), log.empty() ? "" : "\nthe kernel says:\n", log));
}

int attach_by_clsact(const Instance &instance, AttachedInterface &interface,
                     const std::array<Fd, 2> &programs)
{
    bpf_tc_hook both = tc_hook(interface.ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS);
    int error = bpf_tc_hook_create(&both);
    if (error != 0 && error != -EEXIST) {
        return error;
    }
    interface.made_qdisc = error == 0;
    interface.link = Link::clsact;
    for (std::size_t i = 0; i < hooks.size(); ++i) {
        error = attach_filter(hooks[i], programs[i].get(), interface.ifindex);
        if (error != 0) {
            std::ignore = detach_tc(instance, interface, true);
            return error;
        }
    }
    return 0;
}

int attach_by_tcx(const Instance &instance, AttachedInterface &interface,
                  const std::array<Fd, 2> &programs)
{
    interface.link = Link::tcx;
    interface.made_qdisc = false;
    for (std::size_t i = 0; i < hooks.size(); ++i) {
        const int error = attach_tcx(instance, hooks[i], programs[i].get(), interface.ifindex);
        if (error != 0) {
            remove_links(instance, interface.ifindex);
            return error;
        }
    }
    return 0;
}

Result<std::array<Fd, 2>> open_programs(const Instance &instance)
{
    std::array<Fd, 2> programs;
    for (std::size_t i = 0; i < hooks.size(); ++i) {
        Result<Fd> program = pinned_program(instance, hooks[i].program);
        if (!program) {
            return std::unexpected(program.error());
        }
        programs[i] = std::move(*program);
    }
    return programs;
}

struct LinkInfo {
    bool found = false;
    std::uint32_t program = 0;
    std::uint32_t ifindex = 0; // 0: the interface is gone
};

LinkInfo tcx_info(const Instance &instance, const Hook &hook, std::uint32_t ifindex)
{
    const Fd link(bpf_obj_get(link_path(instance, hook, ifindex).c_str()));
    bpf_link_info info = {};
    __u32 length = sizeof info;
    if (!link || bpf_obj_get_info_by_fd(link.get(), &info, &length) != 0) {
        return {};
    }
    // The headers know no info.tcx; its first word is the ifindex, as that of info.xdp.
    return {.found = true, .program = info.prog_id, .ifindex = info.xdp.ifindex};
}

LinkStatus tcx_status(const Instance &instance, const AttachedInterface &interface)
{
    const LinkInfo ingress = tcx_info(instance, hooks[0], interface.ifindex);
    const LinkInfo egress = tcx_info(instance, hooks[1], interface.ifindex);
    LinkStatus status = {.state = LinkState::attached,
                         .ingress_program = ingress.program,
                         .egress_program = egress.program};
    if (!ingress.found || !egress.found) {
        status.state = LinkState::broken;
    } else if (ingress.ifindex == 0 || egress.ifindex == 0) {
        status.state = LinkState::gone;
    }
    return status;
}

LinkStatus clsact_status(const Instance &instance, const AttachedInterface &interface)
{
    if (interface_name(interface.ifindex).empty()) {
        return {.state = LinkState::gone};
    }
    LinkStatus status = {.state = LinkState::attached,
                         .ingress_program = filter_program(hooks[0], interface.ifindex),
                         .egress_program = filter_program(hooks[1], interface.ifindex)};
    take_kernel_log(); // a missing filter is an answer here, not an error
    if (status.ingress_program == 0 || status.egress_program == 0 ||
        status.ingress_program != pinned_id(instance, hooks[0]) ||
        status.egress_program != pinned_id(instance, hooks[1])) {
        status.state = LinkState::broken;
    }
    return status;
}

} // namespace

Result<void> attach_tc(const Instance &instance, AttachedInterface &interface, LinkWish wish)
{
    const Result<std::array<Fd, 2>> programs = open_programs(instance);
    if (!programs) {
        return std::unexpected(programs.error());
    }
    if (wish != Link::clsact) {
        const int error = attach_by_tcx(instance, interface, *programs);
        if (error == 0) {
            return {};
        }
        // A kernel without tcx does not know the attach type.
        if (wish == Link::tcx || error != -EINVAL) {
            return refused(interface, Link::tcx, error);
        }
    }
    if (const int error = attach_by_clsact(instance, interface, *programs); error != 0) {
        return refused(interface, Link::clsact, error);
    }
    take_kernel_log(); // "exists already" is no news
    return {};
}

Result<void> detach_tc(const Instance &instance, const AttachedInterface &interface,
                       bool in_namespace)
{
    remove_links(instance, interface.ifindex);
    if (interface.link != Link::clsact || !in_namespace ||
        interface_name(interface.ifindex).empty()) {
        return {};
    }
    for (const Hook &hook : hooks) {
        const std::uint32_t program = filter_program(hook, interface.ifindex);
        if (program == 0 || program != pinned_id(instance, hook)) {
            continue; // none, or somebody else's by the same handle
        }
        if (const int error = detach_filter(hook, interface.ifindex); error != 0) {
            return failed(fmt::format("detach from {}", interface.name), -error);
        }
    }
    if (interface.made_qdisc && !has_filters(interface.ifindex)) {
        const int error = remove_qdisc(interface.ifindex);
        if (error != 0 && error != -ENOENT && error != -EINVAL) {
            return failed(fmt::format("remove the clsact qdisc of {}", interface.name), -error);
        }
    }
    take_kernel_log();
    return {};
}

LinkStatus tc_status(const Instance &instance, const AttachedInterface &interface,
                     bool in_namespace)
{
    if (interface.link == Link::tcx) {
        return tcx_status(instance, interface);
    }
    if (!in_namespace) {
        return {.state = LinkState::unreachable};
    }
    return clsact_status(instance, interface);
}

} // namespace tg::loader
