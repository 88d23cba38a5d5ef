// SPDX-License-Identifier: Apache-2.0
#include "control/agent/loop.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <fmt/format.h>

namespace tg {
namespace {

std::unexpected<Error> failed(const char *what)
{
    return fail(fmt::format("event loop: cannot {}: {}", what, std::strerror(errno)));
}

} // namespace

Result<std::unique_ptr<Loop>> Loop::make()
{
    Fd poll(::epoll_create1(EPOLL_CLOEXEC));
    Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!poll || !wake) {
        return failed("begin");
    }
    std::unique_ptr<Loop> loop(new Loop(std::move(poll), std::move(wake)));
    Loop &made = *loop;
    if (const Result<void> watched = loop->watch(loop->wake_.get(), [&made] { made.run_posted(); });
        !watched) {
        return std::unexpected(watched.error());
    }
    return loop;
}

Result<void> Loop::watch(int fd, std::function<void()> on_readable)
{
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
        return failed("watch a descriptor");
    }
    callbacks_[fd] = std::move(on_readable);
    return {};
}

void Loop::forget(int fd)
{
    if (callbacks_.erase(fd) > 0) {
        ::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    }
}

void Loop::post(std::function<void()> function)
{
    {
        const std::lock_guard lock(mutex_);
        posted_.push_back(std::move(function));
    }
    const std::uint64_t one = 1;
    // Fails only if it has been woken 2^64 times already.
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

void Loop::run_posted()
{
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = ::read(wake_.get(), &count, sizeof count);
    std::deque<std::function<void()>> functions;
    {
        const std::lock_guard lock(mutex_);
        functions.swap(posted_);
    }
    for (const std::function<void()> &function : functions) {
        function();
    }
}

Result<void> Loop::run_while(const std::function<bool()> &go_on)
{
    while (go_on()) {
        std::array<epoll_event, 16> events;
        const int count = ::epoll_wait(poll_.get(), events.data(), events.size(), -1);
        if (count < 0 && errno != EINTR) {
            return failed("wait");
        }
        for (int i = 0; i < count; i++) {
            // An earlier callback of this round may have ended the watch.
            const auto found = callbacks_.find(events[static_cast<std::size_t>(i)].data.fd);
            if (found != callbacks_.end()) {
                const std::function<void()> callback = found->second;
                callback();
            }
        }
    }
    return {};
}

Result<Timer> Timer::make(Loop &loop, std::function<void()> on_time)
{
    Fd fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!fd) {
        return failed("make a timer");
    }
    const int raw = fd.get();
    const Result<void> watched = loop.watch(raw, [raw, on_time = std::move(on_time)] {
        std::uint64_t times = 0;
        if (::read(raw, &times, sizeof times) == sizeof times) {
            on_time();
        }
    });
    if (!watched) {
        return std::unexpected(watched.error());
    }
    return Timer(loop, std::move(fd));
}

Timer::~Timer()
{
    if (fd_) {
        loop_->forget(fd_.get());
    }
}

void Timer::set(Duration after)
{
    // Zero would disarm it.
    const auto ns = std::max(std::chrono::nanoseconds(after), std::chrono::nanoseconds(1)).count();
    itimerspec when = {};
    when.it_value = {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
    ::timerfd_settime(fd_.get(), 0, &when, nullptr);
}

} // namespace tg
