// SPDX-License-Identifier: Apache-2.0
#include "control/conntrack/followers.h"

#include <algorithm>
#include <utility>

namespace tg {

std::optional<Follower::Told> Follower::take(Duration patience)
{
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, patience, [this] { return !queue_.empty() || lost_ != 0 || ended_; });
    if (!queue_.empty()) {
        const Told first = std::move(queue_.front());
        queue_.pop_front();
        return first;
    }
    if (lost_ != 0) {
        return Told{.event = {}, .lost = std::exchange(lost_, 0)};
    }
    return std::nullopt;
}

bool Follower::ended() const
{
    const std::lock_guard lock(mutex_);
    return ended_ && queue_.empty() && lost_ == 0;
}

void Follower::tell(const tg_event &event)
{
    const std::lock_guard lock(mutex_);
    if (queue_.size() == limit_events) {
        lost_++;
        return;
    }
    queue_.push_back({.event = event, .lost = std::exchange(lost_, 0)});
    filled_.notify_one();
}

void Follower::lose(std::uint64_t count)
{
    const std::lock_guard lock(mutex_);
    lost_ += count;
    filled_.notify_one();
}

void Follower::end()
{
    const std::lock_guard lock(mutex_);
    ended_ = true;
    filled_.notify_one();
}

std::shared_ptr<Follower> Followers::add()
{
    auto follower = std::make_shared<Follower>();
    const std::lock_guard lock(mutex_);
    std::erase_if(all_, [](const auto &each) { return each.expired(); });
    all_.push_back(follower);
    if (ended_) {
        follower->end();
    }
    return follower;
}

std::size_t Followers::count() const
{
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::ranges::count_if(all_, [](const auto &each) { return !each.expired(); }));
}

template <class Action> void Followers::each(const Action &action)
{
    const std::lock_guard lock(mutex_);
    for (const auto &one : all_) {
        if (const auto follower = one.lock()) {
            action(*follower);
        }
    }
}

void Followers::tell(const tg_event &event)
{
    each([&event](Follower &follower) { follower.tell(event); });
}

void Followers::lose(std::uint64_t count)
{
    each([count](Follower &follower) { follower.lose(count); });
}

void Followers::end()
{
    each([](Follower &follower) { follower.end(); });
    const std::lock_guard lock(mutex_);
    ended_ = true;
}

} // namespace tg
