// SPDX-License-Identifier: Apache-2.0
// What has to be in a connection table, said by the specification's words in code of its own; it
// shares nothing with the datapath but the names of states and timeouts.
#pragma once

#include <map>
#include <optional>

#include "control/config/runtime.h"
#include "tests/sim/talk.h"
#include "tidegate/chain.h"
#include "tidegate/timeout.h"

namespace tg::sim {

struct Settings {
    std::array<std::uint32_t, TG_TIMEOUT_COUNT> timeouts = {}; // seconds
    std::uint32_t max_connections = 0;
    tg_early_drop early_drop = TG_EARLY_DROP_NO;

    // With the router's reserve.
    [[nodiscard]] std::uint32_t most() const;
};

// A connection. It is told from all others by its name and by its talk's number.
struct Known {
    Protocol protocol = Protocol::udp;
    bool ipv4 = true;
    Phase phase = Phase::open;
    unsigned opener = 0; // the end whose packet was the first
    bool answered = false;
    bool complete = false;  // TCP's handshake was
    bool unacked = false;   // an end waits for word of what it has sent
    unsigned repeats = 0;   // so often in a row the same came again
    std::uint64_t seen = 0; // ticks
    tg_counter counters[TG_DIRECTION_COUNT] = {};
    ConnectionName name = {};
};

class Expected {
public:
    explicit Expected(std::uint32_t ticks_per_second) : ticks_per_second_(ticks_per_second) {}

    // A packet as it finds the table: the ends before it and after it.
    struct Packet {
        const Talk &before;
        const Talk &after;
        Word word;
        std::uint64_t now;
        std::uint64_t bytes;
    };
    struct Answer {
        tg_connection_state state = TG_CONNECTION_STATE_INVALID;
        bool opens = false;        // a connection, if there is a place
        std::optional<Known> over; // the one that ends by it
    };
    Answer packet(const Packet &packet);
    // There was a place for what it opens.
    void opened(const Packet &packet, const ConnectionName &name);

    // Ticks; 0: it is overdue.
    [[nodiscard]] std::uint64_t left(const Known &connection, std::uint64_t now) const;
    // Whether it may be given up while it is not overdue.
    [[nodiscard]] bool gives_way(const Known &connection) const;

    Settings settings;
    std::map<std::uint32_t, Known> known; // by number of the talk

private:
    [[nodiscard]] std::uint32_t timeout(const Known &connection) const;
    static void take(Known &connection, const Packet &packet);

    std::uint32_t ticks_per_second_;
};

// As the datapath's state word says it.
tg_tcp_state tcp_state_of(const Known &known);

} // namespace tg::sim
