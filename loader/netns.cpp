// SPDX-License-Identifier: Apache-2.0
#include "loader/netns.h"

#include <cctype>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/socket.h>

#include "loader/system.h"

namespace tg::loader {
namespace fs = std::filesystem;
namespace {

constexpr int option_netns_cookie = 71; // SO_NETNS_COOKIE, newer than Debian 12's libc headers

std::string mount_namespace(const std::string &process)
{
    std::error_code ignored;
    return fs::read_symlink("/proc/" + process + "/ns/mnt", ignored).string();
}

bool is_number(const std::string &text)
{
    for (const char c : text) {
        if (std::isdigit(static_cast<unsigned char>(c)) == 0) {
            return false;
        }
    }
    return !text.empty();
}

} // namespace

std::string netns_path(const std::string &name)
{
    if (name.find('/') == std::string::npos) {
        return "/run/netns/" + name;
    }
    std::error_code ignored;
    return fs::absolute(name, ignored).string();
}

Result<void> enter_netns(const std::string &path)
{
    const Fd netns(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!netns) {
        return failed(fmt::format("open network namespace {}", path), errno);
    }
    if (const Result<void> entered = enter_netns(netns); !entered) {
        return fail(fmt::format("{}: {}", path, entered.error().message));
    }
    return {};
}

Result<void> enter_netns(const Fd &netns)
{
    if (::setns(netns.get(), CLONE_NEWNET) != 0) {
        return failed("enter the network namespace", errno);
    }
    return {};
}

Result<Fd> current_netns()
{
    Fd netns(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!netns) {
        return failed("open /proc/self/ns/net", errno);
    }
    return netns;
}

Result<std::uint64_t> netns_cookie()
{
    const Fd any(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    std::uint64_t cookie = 0;
    socklen_t length = sizeof cookie;
    if (!any || ::getsockopt(any.get(), SOL_SOCKET, option_netns_cookie, &cookie, &length) != 0) {
        return failed("identify the network namespace", errno);
    }
    return cookie;
}

Result<void> check_mounts_stay()
{
    const std::string own = mount_namespace("self");
    if (own.empty() || own == mount_namespace("1")) {
        return {};
    }
    std::error_code ignored;
    for (const fs::directory_entry &entry : fs::directory_iterator("/proc", ignored)) {
        const std::string process = entry.path().filename();
        if (is_number(process) && process != std::to_string(::getpid()) &&
            mount_namespace(process) == own) {
            return {};
        }
    }
    return fail("this process has mounts of its own that vanish when it ends (run below "
                "`ip netns exec`?), and the attachment with them: use --netns NAME instead");
}

} // namespace tg::loader
