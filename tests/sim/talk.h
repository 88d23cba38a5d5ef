// SPDX-License-Identifier: Apache-2.0
// What two ends say to one another, as text of packets. Knows nothing of who listens.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace tg::sim {

enum class Protocol : std::uint8_t { tcp, udp, icmp, sctp, esp };

// How far the ends have come: `open` is where all but TCP stay.
enum class Phase : std::uint8_t {
    silent,
    open,
    syn_sent,
    syn_recv,
    established,
    fin_wait,
    close_wait,
    last_ack,
    time_wait,
    reset,
    refused,
};

enum class Say : std::uint8_t {
    any, // of all but TCP
    syn,
    syn_ack,
    ack,
    data,
    again, // the same data once more
    fin,
    reset,
};

// One packet: which end says what. End 0 is who has begun to talk.
struct Word {
    unsigned end = 0;
    Say say = Say::any;
};

struct Talk {
    Protocol protocol = Protocol::udp;
    bool ipv4 = true;
    bool local = false;       // end 0 is the router
    std::uint32_t number = 0; // no other talk of the time has it
    Phase phase = Phase::silent;
    unsigned closer = 0;   // who sent the first FIN or the reset
    unsigned last_end = 0; // who spoke last
    Say last = Say::any;
    // Of TCP, by end: the sequence number it sends next, and what the other has acknowledged.
    std::array<std::uint32_t, 2> next = {};
    std::array<std::uint32_t, 2> acked = {};
    std::uint32_t length = 0; // of the last data
};

// What may be said next.
std::vector<Word> choices(const Talk &talk);
// The packet as a step of a case: "in lan ipv4 …"; `size` is the payload of data, `start` the
// sequence number a SYN begins with.
std::string packet_of(Talk &talk, Word word, std::uint32_t size, std::uint32_t start);
// It has come to the other end.
void heard(Talk &talk, Word word);

} // namespace tg::sim
