// SPDX-License-Identifier: Apache-2.0
// TCP dialogues as text (tests/dialogues/*.dialogue) and how one is held through the router.
// Sequence numbers in them count from each end's first; the same files run hosted and in the
// kernel, over IPv4 and IPv6.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "control/base/error.h"
#include "tests/harness/router.h"

namespace tg::test {

// One line: TIME DIRECTION FLAGS [NAME=VALUE…] -> TCP-STATE CONNECTION-STATE [timeout=DURATION]
//
//   dialogue NAME                   begins one: no connection is known, all settings are defaults
//   first CLIENT SERVER             first sequence numbers of the two ends; else 1000 and 5000
//   set PROPERTY=VALUE…             /ip firewall connection tracking set …
//   0 > S opts=mss,ws:7             the client ("<": the server) sends a SYN; the time is in
//   seconds
//
// Fields: seq, ack (default: where both ends are, as if nothing was lost), len (0), win (65535),
// opts=mss,ws:N,sackok,ts,sack:FROM-TO,hex:… (sack counts from the other end's first). TCP-STATE
// is "-" if there is no connection afterwards; timeout is what remains, in whole seconds.
struct Turn {
    unsigned line = 0;
    bool setting = false;
    std::string text; // of a setting, or of everything before "->"
    std::string state;
    std::string verdict;
    std::string timeout; // "": not said
};

struct Dialogue {
    std::string name;
    std::filesystem::path file;
    std::uint32_t client_first = 1000, server_first = 5000;
    std::vector<Turn> turns;
};

// All *.dialogue files of a folder; throws on a malformed one.
std::vector<Dialogue> read_all_dialogues(const std::filesystem::path &folder);

// Every difference is one line "file:line: …".
std::vector<std::string> hold_dialogue(const Dialogue &dialogue, Router &router, bool ipv6);

} // namespace tg::test
