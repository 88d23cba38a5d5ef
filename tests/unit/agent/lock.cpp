// SPDX-License-Identifier: Apache-2.0
// The instance's lock: why it cannot be taken.
#include "control/agent/lock.h"

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace tg {
namespace {

constexpr uid_t nobody = 65534;

std::string why_not(uid_t uid)
{
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) {
        return {};
    }
    const pid_t child = ::fork();
    if (child == 0) {
        if (uid != ::geteuid() && ::setuid(uid) != 0) {
            ::_exit(1);
        }
        const Result<AgentLock> lock = AgentLock::take(*Instance::named("never-loaded"));
        const std::string reason = lock ? "taken" : lock.error().message;
        ::_exit(::write(ends[1], reason.data(), reason.size()) < 0 ? 1 : 0);
    }
    ::close(ends[1]);
    std::string text(4096, '\0');
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(ends[0], text.data(), 4096))));
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return text;
}

TEST(AgentLock, NamesTheInstanceThatIsNotLoaded)
{
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root";
    }
    const std::string reason = why_not(0);
    EXPECT_NE(reason.find("instance never-loaded is not loaded"), std::string::npos) << reason;
}

TEST(AgentLock, NamesRootWhoeverElseAsks)
{
    const std::string reason = why_not(::geteuid() == 0 ? nobody : ::geteuid());
    EXPECT_NE(reason.find("needs root"), std::string::npos) << reason;
}

} // namespace
} // namespace tg
