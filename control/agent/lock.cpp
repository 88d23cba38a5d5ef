// SPDX-License-Identifier: Apache-2.0
#include "control/agent/lock.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace tg {
namespace {

std::filesystem::path lock_file(const Instance &instance)
{
    return instance.run() / "agent.lock";
}

struct flock whole_file()
{
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

std::string why_not_opened(const Instance &instance, int error)
{
    // Others than root lack more than the folder, which they could not make anyway.
    switch (error == ENOENT && ::geteuid() != 0 ? EACCES : error) {
    case ENOENT:
        return fmt::format("instance {} is not loaded: there is no {}; run tidegate up, or "
                           "tidegate-loader load first",
                           instance.name(), instance.run().string());
    case EACCES:
    case EPERM:
        return fmt::format("no permission for {}: the agent needs root", instance.run().string());
    default:
        return fmt::format("{}: cannot open: {}", lock_file(instance).string(),
                           std::strerror(error));
    }
}

} // namespace

std::filesystem::path control_socket(const Instance &instance)
{
    return instance.run() / "control";
}

std::filesystem::path agent_pid_file(const Instance &instance)
{
    return instance.run() / "agent.pid";
}

Result<AgentLock> AgentLock::take(const Instance &instance)
{
    Fd fd(::open(lock_file(instance).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) {
        return fail(why_not_opened(instance, errno));
    }
    struct flock lock = whole_file();
    if (::fcntl(fd.get(), F_SETLK, &lock) == 0) {
        return AgentLock(std::move(fd));
    }
    if (errno != EAGAIN && errno != EACCES) {
        return fail(
            fmt::format("{}: cannot lock: {}", lock_file(instance).string(), std::strerror(errno)));
    }
    const std::optional<pid_t> other = running_agent(instance);
    return fail(fmt::format("an agent of instance {} is running already{}", instance.name(),
                            other ? fmt::format(", pid {}", *other) : ""));
}

std::optional<pid_t> running_agent(const Instance &instance)
{
    const Fd fd(::open(lock_file(instance).c_str(), O_RDWR | O_CLOEXEC));
    struct flock lock = whole_file();
    if (!fd || ::fcntl(fd.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) {
        return std::nullopt;
    }
    return lock.l_pid;
}

Result<void> write_pid(const Instance &instance)
{
    const std::filesystem::path path = agent_pid_file(instance);
    const std::string text = fmt::format("{}\n", ::getpid());
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        return fail(fmt::format("{}: cannot write: {}", path.string(), std::strerror(errno)));
    }
    return {};
}

} // namespace tg
