// SPDX-License-Identifier: Apache-2.0
#include "loader/probe.h"

#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "loader/system.h"

namespace tg::loader {
namespace {

constexpr const char *btf_path = "/sys/kernel/btf/vmlinux";

struct CapabilityRow {
    unsigned number;
    const char *name;
};

constexpr CapabilityRow needed[] = {
    {CAP_SYS_ADMIN, "CAP_SYS_ADMIN"},
    {CAP_NET_ADMIN, "CAP_NET_ADMIN"},
};

std::uint64_t effective_capabilities()
{
    const Result<std::string> status = read_file("/proc/self/status");
    constexpr std::string_view field = "CapEff:";
    const std::size_t at = status ? status->find(field) : std::string::npos;
    if (at == std::string::npos) {
        return ::geteuid() == 0 ? ~std::uint64_t{0} : 0;
    }
    return std::strtoull(status->c_str() + at + field.size(), nullptr, 16);
}

std::string kernel_release()
{
    struct utsname about = {};
    return ::uname(&about) == 0 ? about.release : "?";
}

} // namespace

Result<void> check_privileges()
{
    const std::uint64_t have = effective_capabilities();
    for (const CapabilityRow &row : needed) {
        if ((have >> row.number & 1) == 0) {
            return fail(fmt::format("no permission: {} is missing; run it as root", row.name));
        }
    }
    return {};
}

Result<void> check_kernel()
{
    if (const Result<void> allowed = check_privileges(); !allowed) {
        return allowed;
    }
    if (::access(btf_path, R_OK) != 0) {
        return fail(fmt::format("kernel {} has no BTF ({} is missing): use a kernel built with "
                                "CONFIG_DEBUG_INFO_BTF=y, 6.1 or newer",
                                kernel_release(), btf_path));
    }
    const Result<std::string> filesystems = read_file("/proc/filesystems");
    if (filesystems && filesystems->find("\tbpf\n") == std::string::npos) {
        return fail(fmt::format("kernel {} has no bpffs: use a kernel built with "
                                "CONFIG_BPF_SYSCALL=y, 6.1 or newer",
                                kernel_release()));
    }
    return {};
}

void raise_memory_limit()
{
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_MEMLOCK, &all);
}

} // namespace tg::loader
