// SPDX-License-Identifier: Apache-2.0
#include "control/agent/event_stream.h"

#include "control/conntrack/expiry.h"
#include "control/conntrack/view.h"

namespace tg {

std::optional<EventStream::Told> FollowedConnections::next(Duration patience)
{
    const std::optional<Follower::Told> told = follower_->take(patience);
    if (!told) {
        return std::nullopt;
    }
    Told result{.kind = {}, .connection = {}, .lost = told->lost};
    if (told->event && told->event->kind < TG_EVENT_COUNT) {
        const tg_event &event = *told->event;
        result.kind = static_cast<tg_event_kind>(event.kind);
        result.connection =
            view_of(event.conn, store_.clock(), event.time,
                    ticks_left(event.conn, timeouts(event.time), store_.clock(), event.time));
    }
    return result;
}

// If they cannot be read, the former ones are the best there is.
const Timeouts &FollowedConnections::timeouts(std::uint64_t now)
{
    if (now >= timeouts_read_ + store_.clock().ticks_per_second()) {
        timeouts_ = store_.timeouts().value_or(timeouts_);
        timeouts_read_ = now;
    }
    return timeouts_;
}

} // namespace tg
