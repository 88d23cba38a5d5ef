// SPDX-License-Identifier: Apache-2.0
// The one format of datapath cases (tests/cases/*.case) and how a case is run; docs/testing.md
// shows an example. The same files run hosted and in the kernel.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "control/base/error.h"
#include "tests/harness/router.h"

namespace tg::test {

// A case is a list of steps, one a line:
//
//   case NAME                        begins a case; everything is as after the loader again
//   rules                            the indented RouterOS lines below are committed
//   in IFACE PACKET                  a frame arrives; PACKET as in packet.h
//   out IFACE PACKET                 the router sends a packet of its own
//   out IFACE from IFACE2 PACKET     the stack forwards a packet; [tag N] [priority N] before
//   PACKET: as judged
//     -> REASON [STATE] [FACT…]      what became of it; STATE as the filter chain saw it, or "-"
//   wait DURATION                    time passes
//   agent N                          the agent deals with fragments before their first: N went on
//                                    or were given up, each as "->" says
//   sweep N                          the agent looks for overdue connections: N were removed
//   socket LOCAL:PORT                the router listens; socket udp LOCAL:PORT by UDP
//   socket LOCAL:PORT REMOTE:PORT    the router has an established connection
//   connections                      the indented lines below are the whole table, in any order
//   events                           the indented lines below are what was told of connections
//   log                              … and what rules have logged
//   lost-lines N                     lines that rules would have logged, so far
//   rates                            … and how fast they are: bytes a second ORIGINAL/REPLY
//   count COMMENT PACKETS/BYTES      the counter of the rule with this comment
//   since 6.10                       the rest of the case needs this Linux or a newer one
//   on 6.9                           … an older one than this or, hosted, is on this one
//   hosted                           the rest of the case needs what a test run cannot show
//
// FACTs: action=next|drop|redirect, to=IFACE, ttl=N, tag=N, priority=N, counted=PACKETS/BYTES,
// leaves=IFACE (by that interface, and every byte of the frame is as it has to be there),
// error=TYPE/CODE/WORD of the ICMP error that was sent in the packet's place, changed=yes of one
// that was translated in whatever way and is not sent by the datapath. The last one may be as
// PACKET: it has become that, to the last byte; TTL and link header aside, if it is sent, which
// leaves= has to say. Several in/out lines before one "->" all must end alike. "#" begins a
// comment.
struct Step {
    unsigned line = 0;
    std::string word;               // the first of the line
    std::string text;               // the rest
    std::vector<std::string> block; // indented lines below
    std::string expected;           // behind "->"
};

// As it stands in a file.
std::string to_string(const Step &step);

// What an in or out step is about.
struct PacketStep {
    Hook hook;
    Frame frame;
};
Result<PacketStep> read_packet(const Step &step);
Result<Socket> read_socket(const Step &step);

struct Case {
    std::string name;
    std::filesystem::path file;
    std::vector<Step> steps;
};

Result<std::vector<Case>> read_cases(const std::filesystem::path &file);
// All *.case files of a folder, in the order of their names; throws on a malformed one.
std::vector<Case> read_all_cases(const std::filesystem::path &folder);

// The in and out steps of them all.
std::vector<Step> all_packets(const std::filesystem::path &folder);

// Runs the case; every difference is one line "file:line: …".
std::vector<std::string> run_case(const Case &test, Router &router, bool hosted);

} // namespace tg::test
