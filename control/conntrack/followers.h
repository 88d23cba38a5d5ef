// SPDX-License-Identifier: Apache-2.0
// Hands events on to whoever follows connections. Each follower has a bounded queue of its own: a
// slow one loses events, and is told how many, and delays nobody. Knows no map and no client.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "control/base/text.h"
#include "tidegate/event.h"

namespace tg {

// One follower's queue: filled by one thread, emptied by another.
class Follower {
public:
    // Events that one queue holds.
    static constexpr std::size_t limit_events = 4096;

    // An event and how many before it were lost; or only the latter.
    struct Told {
        std::optional<tg_event> event;
        std::uint64_t lost = 0;
    };
    // The next; nullopt: there is none within this time.
    std::optional<Told> take(Duration patience);
    // There will be no more than what is in the queue.
    [[nodiscard]] bool ended() const;

private:
    friend class Followers;
    void tell(const tg_event &event);
    void lose(std::uint64_t count);
    void end();

    mutable std::mutex mutex_; // of all below
    std::condition_variable filled_;
    std::deque<Told> queue_;
    std::uint64_t lost_ = 0; // since what is last in the queue
    bool ended_ = false;
};

// All functions may be called from any thread.
class Followers {
public:
    // It follows as long as the pointer lives.
    std::shared_ptr<Follower> add();
    [[nodiscard]] std::size_t count() const;
    void tell(const tg_event &event);
    // So many events were lost before they came here.
    void lose(std::uint64_t count);
    // Nothing more will be told.
    void end();

private:
    template <class Action> void each(const Action &action);

    mutable std::mutex mutex_; // of all below
    std::vector<std::weak_ptr<Follower>> all_;
    bool ended_ = false;
};

} // namespace tg
