// SPDX-License-Identifier: Apache-2.0
#include "loader/confirm.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>

#include "loader/netns.h"
#include "loader/system.h"

namespace tg::loader {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;

fs::path pending_path(const Instance &instance)
{
    return instance.run() / "confirm.pid";
}

std::uint64_t boottime_ns()
{
    struct timespec now = {};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * second_ns +
           static_cast<std::uint64_t>(now.tv_nsec);
}

// When the process was started; 0: there is none.
std::uint64_t start_time(std::int64_t pid)
{
    const Result<std::string> stat = read_file(fmt::format("/proc/{}/stat", pid));
    // The second field is a name in parentheses that may hold anything; the start is field 22.
    std::size_t at = stat ? stat->rfind(')') : std::string::npos;
    for (int field = 2; field < 22 && at != std::string::npos; ++field) {
        at = stat->find(' ', at + 1);
    }
    return at == std::string::npos ? 0 : std::strtoull(stat->c_str() + at, nullptr, 10);
}

void wait_until(std::uint64_t deadline_ns)
{
    const struct timespec deadline = {.tv_sec = static_cast<time_t>(deadline_ns / second_ns),
                                      .tv_nsec = static_cast<long>(deadline_ns % second_ns)};
    while (::clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &deadline, nullptr) == EINTR) {
    }
}

// Lets go of everything the loader's caller gave, but for the end of the pipe `keep`.
bool become_daemon(int keep, const Fd &home)
{
    const bool moved = !!enter_netns(home);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (!moved || null < 0 || ::chdir("/") != 0) {
        return false;
    }
    for (int standard = 0; standard <= 2; ++standard) {
        if (::dup2(null, standard) < 0) {
            return false;
        }
    }
    return (keep <= 3 || ::close_range(3, static_cast<unsigned>(keep) - 1, 0) == 0) &&
           ::close_range(static_cast<unsigned>(keep) + 1, ~0U, 0) == 0;
}

[[noreturn]] void run_timer(const Instance &instance, Pending pending, int ready, const Fd &home,
                            const std::function<void()> &expired)
{
    pending.pid = ::getpid();
    pending.started = start_time(pending.pid);
    if (!become_daemon(ready, home) || !replace_file(pending_path(instance), to_json(pending)) ||
        ::write(ready, "", 1) != 1) {
        ::_exit(1);
    }
    ::close(ready);
    wait_until(pending.deadline_ns);
    expired();
    ::_exit(0);
}

} // namespace

std::string to_json(const Pending &pending)
{
    const json value = {{"pid", pending.pid},
                        {"started", pending.started},
                        {"deadline-ns", pending.deadline_ns},
                        {"interfaces", pending.interfaces},
                        {"everything", pending.everything}};
    return value.dump() + "\n";
}

Result<Pending> parse_pending(std::string_view text)
{
    try {
        const json value = json::parse(text);
        return Pending{.pid = value.at("pid").get<std::int64_t>(),
                       .started = value.at("started").get<std::uint64_t>(),
                       .deadline_ns = value.at("deadline-ns").get<std::uint64_t>(),
                       .interfaces = value.at("interfaces").get<std::vector<std::uint32_t>>(),
                       .everything = value.at("everything").get<bool>()};
    } catch (const json::exception &error) {
        return fail(fmt::format("not a record of a pending confirmation: {}", error.what()));
    }
}

std::optional<Pending> read_pending(const Instance &instance)
{
    const Result<std::string> text = read_file(pending_path(instance));
    if (!text) {
        return std::nullopt;
    }
    Result<Pending> pending = parse_pending(*text);
    if (!pending || pending->pid <= 0 || start_time(pending->pid) != pending->started) {
        return std::nullopt;
    }
    return std::move(*pending);
}

std::uint64_t seconds_left(const Pending &pending)
{
    const std::uint64_t now = boottime_ns();
    return pending.deadline_ns <= now ? 0 : (pending.deadline_ns - now + second_ns - 1) / second_ns;
}

Result<void> start_timer(const Instance &instance, Pending pending, std::uint64_t seconds,
                         const Fd &home, const std::function<void()> &expired)
{
    int ends[2] = {};
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return failed("make a pipe", errno);
    }
    const Fd answer(ends[0]);
    Fd ready(ends[1]);
    pending.deadline_ns = boottime_ns() + seconds * second_ns;
    const pid_t child = ::fork();
    if (child < 0) {
        return failed("start the confirmation timer", errno);
    }
    if (child == 0) {
        // The second process is nobody's child and leads no session.
        if (::setsid() < 0 || ::fork() != 0) {
            ::_exit(0);
        }
        run_timer(instance, std::move(pending), ready.get(), home, expired);
    }
    ready.reset();
    ::waitpid(child, nullptr, 0);
    char byte = 0;
    if (::read(answer.get(), &byte, 1) != 1) {
        return fail("cannot start the confirmation timer");
    }
    return {};
}

void cancel_timer(const Instance &instance)
{
    const std::optional<Pending> pending = read_pending(instance);
    if (pending && pending->pid != ::getpid()) {
        ::kill(static_cast<pid_t>(pending->pid), SIGKILL);
    }
    std::error_code ignored;
    fs::remove(pending_path(instance), ignored);
}

} // namespace tg::loader
