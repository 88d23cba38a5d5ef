// SPDX-License-Identifier: Apache-2.0
#include "control/agent/netns.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sched.h>

#include <fmt/format.h>

#include "control/base/fd.h"

namespace tg {

Result<void> enter_netns(const std::string &name)
{
    const bool is_path = name.find('/') != std::string::npos;
    const std::string path = is_path ? name : "/run/netns/" + name;
    const Fd netns(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!netns && errno == ENOENT) {
        return fail(fmt::format("no network namespace {}: there is no {}", name, path));
    }
    if (!netns || ::setns(netns.get(), CLONE_NEWNET) != 0) {
        return fail(
            fmt::format("cannot enter network namespace {}: {}", path, std::strerror(errno)));
    }
    return {};
}

} // namespace tg
