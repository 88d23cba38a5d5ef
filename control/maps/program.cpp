// SPDX-License-Identifier: Apache-2.0
#include "control/maps/program.h"

#include <cerrno>
#include <cstring>

#include <bpf/bpf.h>
#include <fmt/format.h>

#include "tidegate/maps.h"

namespace tg::maps {

Result<Fd> open_program(const std::filesystem::path &bpffs, const char *name)
{
    const std::filesystem::path pin = bpffs / TG_PIN_PROGRAMS / name;
    Fd fd(bpf_obj_get(pin.c_str()));
    if (!fd) {
        return fail(fmt::format("{}: cannot open: {}", pin.string(), std::strerror(errno)));
    }
    bpf_prog_info info = {};
    std::uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0 ||
        info.type != BPF_PROG_TYPE_SCHED_CLS) {
        return fail(fmt::format("{}: is not the program {}; run tidegate down, then tidegate up",
                                pin.string(), name));
    }
    return fd;
}

} // namespace tg::maps
