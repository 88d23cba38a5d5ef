// SPDX-License-Identifier: Apache-2.0
// What a follower is told, as the menus show connections.
#pragma once

#include <memory>

#include "control/config/runtime.h"
#include "control/conntrack/followers.h"
#include "control/conntrack/store.h"

namespace tg {

class FollowedConnections final : public EventStream {
public:
    // `store` must outlive it.
    FollowedConnections(std::shared_ptr<Follower> follower, const ConnectionStore &store)
        : follower_(std::move(follower)), store_(store)
    {
    }
    std::optional<Told> next(Duration patience) override;
    [[nodiscard]] bool ended() const override
    {
        return follower_->ended();
    }

private:
    // The timeouts in force, not older than a second by the events' clock.
    const Timeouts &timeouts(std::uint64_t now);

    std::shared_ptr<Follower> follower_;
    const ConnectionStore &store_;
    Timeouts timeouts_ = default_timeouts();
    std::uint64_t timeouts_read_ = 0;
};

} // namespace tg
