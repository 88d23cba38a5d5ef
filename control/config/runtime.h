// SPDX-License-Identifier: Apache-2.0
// What the menus need of the running datapath: counters and connections. The agent implements it,
// tests give their own.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/base/error.h"
#include "control/base/net.h"
#include "control/base/text.h"
#include "tidegate/event.h"

namespace tg {

struct Connection {
    tg_conn record = {};
    Duration timeout_left = {}; // what the datapath honours; overdue connections are not shown
    std::array<std::uint64_t, TG_DIRECTION_COUNT> rates = {}; // bits a second
};

// Which connection, in which life of its record.
struct ConnectionName {
    std::uint32_t record = 0; // its id
    std::uint32_t generation = 0;

    friend auto operator<=>(const ConnectionName &, const ConnectionName &) = default;
};

inline ConnectionName name_of(const tg_conn &record)
{
    return {record.id, tg_word_generation(record.word)};
}

// What happens to connections of both families from the moment it was made.
class EventStream {
public:
    // Something that happened, and how many events before it have been lost; or only the latter.
    struct Told {
        std::optional<tg_event_kind> kind;
        Connection connection;
        std::uint64_t lost = 0;
    };
    virtual ~EventStream() = default;
    // The next event; nullopt: there is none within this time.
    virtual std::optional<Told> next(Duration patience) = 0;
    // There will be no more, or nobody wants to hear of them.
    [[nodiscard]] virtual bool ended() const = 0;
};

class Runtime {
public:
    virtual ~Runtime() = default;
    // Packets and bytes of one rule, summed over all CPUs; `counter` is Item::counter.
    [[nodiscard]] virtual tg_counter rule_counter(std::uint32_t counter) const = 0;
    virtual void reset_rule_counter(std::uint32_t counter) = 0;
    // Calls `visit` for every connection of the family, in no order, until it returns false.
    // The table may change meanwhile; memory stays bounded whatever its size.
    virtual Result<void>
    connections(Family family, const std::function<bool(const Connection &)> &visit) const = 0;
    // How many there are; at the real table without a walk over it, so that those count which have
    // become overdue since the last sweep.
    [[nodiscard]] virtual Result<std::uint64_t> count_connections(Family family) const
    {
        std::uint64_t count = 0;
        const Result<void> walked = connections(family, [&count](const Connection &) {
            count++;
            return true;
        });
        return walked ? Result<std::uint64_t>(count) : std::unexpected(walked.error());
    }
    // Removes these unless they are gone or replaced by now; how many were removed. Connections
    // may be removed while `connections` visits others.
    virtual Result<std::uint64_t>
    remove_connections(const std::vector<ConnectionName> &connections) = 0;
    // Error: nothing can be followed here.
    virtual Result<std::unique_ptr<EventStream>> follow()
    {
        return fail("there is nothing to follow");
    }
};

} // namespace tg
