// SPDX-License-Identifier: Apache-2.0
// The simulated life of a router's table. Time, agent, settings and talks are chance's; what the
// table is after each of their steps has to be what expected.h says.
#pragma once

#include <set>

#include <gtest/gtest.h>

#include "control/conntrack/aging.h"
#include "tests/harness/random.h"
#include "tests/sim/conntrack.h"
#include "tests/sim/expected.h"
#include "tests/sim/hosted_store.h"

namespace tg::sim {

constexpr std::uint64_t table_records = TG_LIMIT_SLAB_RECORDS;

// What the simulation is about, counted. X(name, how often it has to happen in three hours)
#define TG_SIM_EVENTS(X)                                                                           \
    X(packets, 1000)                                                                               \
    X(invalid, 10)                                                                                 \
    X(admitted, 100)                                                                               \
    X(refused, 20)     /* the table was full */                                                    \
    X(gave_way, 10)    /* before its time */                                                       \
    X(places_taken, 3) /* of what was overdue */                                                   \
    X(ended, 10)       /* by a packet, overdue or closed */                                        \
    X(aged, 30)        /* by the agent */                                                          \
    X(expired_at_once, 1)                                                                          \
    X(edges, 3) /* a packet in the last tick, or the one after */                                  \
    X(suspended, 1)                                                                                \
    X(deaths, 1) /* of the agent */                                                                \
    X(wraps, 1)  /* of the lower half of the tick counter */

struct Happened {
#define TG_X(name, least) std::uint64_t name = 0;
    TG_SIM_EVENTS(TG_X)
#undef TG_X
};

// One router from start to end. Differences are GoogleTest failures.
class Life {
public:
    Life(std::uint64_t seed, std::uint32_t ticks_per_second)
        : random_(seed), router_(test::make_hosted_datapath(ticks_per_second)),
          store_(router_, clock_), aging_(store_), expected_(ticks_per_second)
    {
    }

    void run(Duration length);
    [[nodiscard]] const Happened &happened() const
    {
        return happened_;
    }

private:
    // Time and the agent.
    void pass_time();
    void advance(std::uint64_t ticks);
    void pass_to_an_edge();
    void meet_agent();
    void change_settings();
    void age();
    // Packets.
    void say_something();
    void say(Talk &talk, Word word);
    void admit(const Expected::Packet &packet, bool refused);
    void admit_in_full_table(const Expected::Packet &packet, bool refused);
    void see_refusal(const std::map<ConnectionName, std::uint32_t> &candidates);
    // Names of connections that events have told of since the last call.
    void hear_events();
    // What has to be true after each step.
    void check();
    void check_rows();
    void check_places();
    void finish();

    [[nodiscard]] std::uint64_t now() const
    {
        return router_.datapath().now();
    }

    test::Random random_;
    MovedClock clock_;
    mutable test::Router router_;
    HostedStore store_;
    Aging aging_;
    Expected expected_;
    std::map<std::uint32_t, Talk> talks_;
    std::uint32_t next_number_ = 0;
    bool agent_ = true;
    std::uint64_t heartbeat_ = 0; // ticks
    std::uint64_t ceiling_ = 0;   // more connections than this there must not be
    std::uint64_t early_drops_ = 0;
    std::set<ConnectionName> began_, ended_;
    // Connections that could have given way to every one of the last that were refused.
    std::set<ConnectionName> overlooked_;
    std::uint64_t looked_at_ = 0; // records, by those
    Happened happened_;
};

} // namespace tg::sim
