// SPDX-License-Identifier: Apache-2.0
#include "loader/attach_xdp.h"

#include <array>
#include <cerrno>
#include <span>

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>

#include "loader/load.h"
#include "loader/system.h"
#include "tidegate/maps.h"

namespace tg::loader {
namespace fs = std::filesystem;
namespace {

struct Variant {
    const char *program;
    const char *frames;
};

// In this order.
constexpr std::array<Variant, 2> native_variants = {{
    {"xdp_ingress", "of many buffers"},
    {"xdp_ingress_plain", "of one buffer"},
}};
constexpr std::array<Variant, 1> generic_variants = {{
    {"xdp_ingress_generic", "of one buffer, merged ones too"},
}};

fs::path link_path(const Instance &instance, std::uint32_t ifindex)
{
    return instance.bpffs() / TG_PIN_LINKS / fmt::format("xdp_{}", ifindex);
}

// errno, 0: done.
int attach_program(const Instance &instance, const AttachedInterface &interface, int program)
{
    const bool generic = interface.mode == TG_MODE_GENERIC;
    LIBBPF_OPTS(bpf_link_create_opts, options,
                .flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
    const Fd link(bpf_link_create(program, static_cast<int>(interface.ifindex), BPF_XDP, &options));
    if (!link) {
        return errno;
    }
    return bpf_obj_pin(link.get(), link_path(instance, interface.ifindex).c_str()) == 0 ? 0 : errno;
}

} // namespace

Result<void> attach_xdp(const Instance &instance, AttachedInterface &interface)
{
    const bool generic = interface.mode == TG_MODE_GENERIC;
    const std::span<const Variant> variants =
        generic ? std::span<const Variant>(generic_variants) : native_variants;
    int error = 0;
    for (const Variant &variant : variants) {
        const Result<Fd> program = pinned_program(instance, variant.program);
        if (!program) {
            return std::unexpected(program.error());
        }
        error = attach_program(instance, interface, program->get());
        if (error == 0) {
            interface.frames = variant.frames;
            return {};
        }
    }
    return failed(fmt::format("attach to {} by {} XDP", interface.name, to_string(interface.mode)),
                  error);
}

// Detached by name first: the kernel frees an unpinned link only some time later.
void detach_xdp(const Instance &instance, std::uint32_t ifindex)
{
    const fs::path path = link_path(instance, ifindex);
    if (const Fd link(bpf_obj_get(path.c_str())); link) {
        (void)bpf_link_detach(link.get()); // its device may be gone; then so is the attachment
    }
    ::unlink(path.c_str());
}

XdpStatus xdp_status(const Instance &instance, std::uint32_t ifindex)
{
    const Fd link(bpf_obj_get(link_path(instance, ifindex).c_str()));
    bpf_link_info info = {};
    __u32 length = sizeof info;
    if (!link || bpf_obj_get_info_by_fd(link.get(), &info, &length) != 0) {
        return {};
    }
    return {.found = true, .program = info.prog_id, .ifindex = info.xdp.ifindex};
}

} // namespace tg::loader
