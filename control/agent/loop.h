// SPDX-License-Identifier: Apache-2.0
// The agent's main loop: calls back when a descriptor is readable, and runs what other threads
// hand in, so that everything that changes the datapath is done by one thread.
#pragma once

#include <deque>
#include <functional>
#include <future>
#include <map>
#include <mutex>

#include "control/base/error.h"
#include "control/base/fd.h"
#include "control/base/text.h"

namespace tg {

class Loop {
public:
    static Result<std::unique_ptr<Loop>> make();

    // `on_readable` is called as long as the descriptor is readable.
    Result<void> watch(int fd, std::function<void()> on_readable);
    void forget(int fd);

    // From any other thread: runs `function` in the loop and returns what it returns. The loop
    // must be running until then.
    template <class Function> auto call(Function &&function)
    {
        std::packaged_task<decltype(function())()> task(std::forward<Function>(function));
        auto result = task.get_future();
        post([&task] { task(); });
        return result.get();
    }

    // Until `go_on` is false, which is asked after every callback.
    Result<void> run_while(const std::function<bool()> &go_on);

private:
    Loop(Fd poll, Fd wake) : poll_(std::move(poll)), wake_(std::move(wake)) {}
    void post(std::function<void()> function);
    void run_posted();

    Fd poll_;
    Fd wake_;
    std::map<int, std::function<void()>> callbacks_;
    std::mutex mutex_; // of posted_
    std::deque<std::function<void()>> posted_;
};

// Calls back in the loop, once, after a time that can be set again and again.
class Timer {
public:
    // `loop` must outlive it.
    static Result<Timer> make(Loop &loop, std::function<void()> on_time);
    Timer(Timer &&) = default;
    Timer &operator=(Timer &&) = delete;
    ~Timer();
    void set(Duration after);

private:
    Timer(Loop &loop, Fd fd) : loop_(&loop), fd_(std::move(fd)) {}
    Loop *loop_;
    Fd fd_;
};

} // namespace tg
