// SPDX-License-Identifier: Apache-2.0
// What a connection tracker is to the comparison of two: packets go in, and what each one was comes
// out. Ours and the kernel's are made by their own files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/harness/case.h"
#include "tests/harness/datapath.h"
#include "tidegate/conn.h"

namespace tg::test {

struct TrackerSettings {
    bool loose = false;
    bool liberal = false;
    bool checksum = true;

    friend bool operator==(const TrackerSettings &a, const TrackerSettings &b) = default;
};

// Where a TCP connection stands.
struct Standing {
    std::uint8_t state = TG_TCP_STATE_NONE;
    bool reverse = false; // the destination of the tuple that was asked for has opened it

    friend bool operator==(const Standing &a, const Standing &b) = default;
};

// What a packet was to the tracker, and where that has left the connection in question.
struct Answer {
    std::optional<std::uint8_t> packet; // enum tg_connection_state; none: the packet was dropped
    std::optional<Standing> connection; // none: there is no such connection
    // Only ours tells: the name of the meant difference that later packets of the connection may
    // show, because the kernel has drawn a wrong conclusion from this one.
    std::string_view misled = {};

    friend bool operator==(const Answer &a, const Answer &b)
    {
        return a.packet == b.packet && a.connection == b.connection;
    }
};

// "established syn-recv", "invalid -"
std::string to_string(const Answer &answer);

class Tracker {
public:
    Tracker() = default;
    Tracker(const Tracker &) = delete;
    Tracker &operator=(const Tracker &) = delete;
    virtual ~Tracker() = default;

    // Forgets all connections.
    virtual void start(const TrackerSettings &settings) = 0;
    // A packet on its way through the router; nothing is dropped by a rule. `tuple` is that of the
    // TCP connection the answer tells of.
    virtual Answer track(const PacketStep &packet, const tg_tuple &tuple) = 0;
};

// The kernel's nf_conntrack, in a namespace of its own. Throws std::runtime_error.
std::unique_ptr<Tracker> make_nf_conntrack();
// Ours, in this datapath.
std::unique_ptr<Tracker> make_our_tracker(std::unique_ptr<Datapath> datapath);

} // namespace tg::test
