// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/dialogue.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "bpf/core/expiry.h"
#include "control/base/text.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

constexpr std::array<std::string_view, TG_TCP_STATE_COUNT> state_names = {
#define TG_X(name, text) text,
    TG_TCP_STATES(TG_X)
#undef TG_X
};

std::string put32(std::uint32_t number)
{
    return fmt::format("{:08x}", number);
}

// What an end has said so far: the number its next byte has.
struct Ends {
    std::array<std::uint32_t, 2> first = {}; // client, server
    std::array<std::uint32_t, 2> next = {};
};

// "sack:100-200": edges count from the first number of the end that is acknowledged.
std::string sack_block(const std::string &range, std::uint32_t first)
{
    const std::size_t dash = range.find('-');
    const auto edge = [first](const std::string &text) {
        return put32(first + static_cast<std::uint32_t>(std::stoll(text)));
    };
    return edge(range.substr(0, dash)) + edge(range.substr(dash + 1));
}

// Hexadecimal bytes of "mss,ws:7,sackok,ts,sack:1-5,sack:7-9".
std::string options_of(const std::string &list, std::uint32_t acked_first)
{
    std::istringstream words(list);
    std::string word, hex, blocks;
    while (std::getline(words, word, ',')) {
        const std::size_t colon = word.find(':');
        const std::string kind = word.substr(0, colon);
        const std::string value = colon == std::string::npos ? "" : word.substr(colon + 1);
        if (kind == "mss") {
            hex += "020405b4";
        } else if (kind == "ws") {
            hex += fmt::format("010303{:02x}", std::stoul(value));
        } else if (kind == "sackok") {
            hex += "01010402";
        } else if (kind == "ts") {
            hex += "0101080a0000000100000000";
        } else if (kind == "sack") {
            blocks += sack_block(value, acked_first);
        } else if (kind == "hex") {
            hex += value;
        } else {
            throw std::runtime_error("no option \"" + word + "\"");
        }
    }
    if (!blocks.empty()) {
        hex += fmt::format("010105{:02x}{}", 2 + blocks.size() / 2, blocks);
    }
    return hex;
}

// One segment as written.
struct Segment {
    double time = 0;
    bool reply = false;
    std::string flags;
    std::map<std::string, std::string> fields;
};

Segment read_segment(const std::string &text)
{
    std::istringstream words(text);
    std::string direction, word;
    Segment segment;
    words >> segment.time >> direction >> segment.flags;
    segment.reply = direction == "<";
    if (!words || (direction != "<" && direction != ">")) {
        throw std::runtime_error("expected TIME > or < FLAGS");
    }
    while (words >> word) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos) {
            throw std::runtime_error("no field \"" + word + "\"");
        }
        segment.fields[word.substr(0, equals)] = word.substr(equals + 1);
    }
    return segment;
}

// Takes a field that counts from `first`, or what it is if nothing is said.
std::uint32_t number(Segment &segment, const char *name, std::uint32_t first, std::uint32_t or_else)
{
    const auto field = segment.fields.extract(name);
    return field.empty() ? or_else : first + static_cast<std::uint32_t>(std::stoll(field.mapped()));
}

std::string packet_text(Segment segment, bool ipv6, Ends &ends)
{
    const unsigned us = segment.reply ? 1 : 0, them = 1 - us;
    const std::array<const char *, 2> hosts = {ipv6 ? "2001:db8:88::2" : "192.168.88.2",
                                               ipv6 ? "2001:db8:113::2" : "203.0.113.2"};
    const std::array<unsigned, 2> ports = {40000, 80};
    const bool acks = segment.flags.find('A') != std::string::npos;
    const std::uint32_t length = number(segment, "len", 0, 0);
    const std::uint32_t seq = number(segment, "seq", ends.first.at(us), ends.next.at(us));
    const std::uint32_t ack =
        number(segment, "ack", ends.first.at(them), acks ? ends.next.at(them) : 0);
    const std::uint32_t window = number(segment, "win", 0, 65535);
    const std::string options = options_of(segment.fields["opts"], ends.first.at(them));
    segment.fields.erase("opts");
    if (!segment.fields.empty()) {
        throw std::runtime_error("no field \"" + segment.fields.begin()->first + "\"");
    }
    const auto counted = [&segment](char flag) {
        return segment.flags.find(flag) == std::string::npos ? 0U : 1U;
    };
    const std::uint32_t end = seq + length + counted('S') + counted('F');
    if (static_cast<std::int32_t>(end - ends.next.at(us)) > 0 && counted('R') == 0) {
        ends.next.at(us) = end;
    }
    return fmt::format("{} src={} dst={} | tcp src-port={} dst-port={} flags={} seq={} ack={} "
                       "window={}{} | data {}{}",
                       ipv6 ? "ipv6" : "ipv4", hosts.at(us), hosts.at(them), ports.at(us),
                       ports.at(them), segment.flags, seq, ack, window,
                       options.empty() ? "" : " options=" + options, length,
                       length > 1200 ? " | gso 1200" : "");
}

class Holder {
public:
    Holder(const Dialogue &dialogue, Router &router, bool ipv6)
        : dialogue_(dialogue), router_(router), ipv6_(ipv6)
    {
        ends_.first = {dialogue.client_first, dialogue.server_first};
        ends_.next = ends_.first;
    }

    std::vector<std::string> hold()
    {
        router_.reset();
        commit("/ip firewall filter add chain=forward action=accept\n"
               "/ipv6 firewall filter add chain=forward action=accept\n");
        for (const Turn &turn : dialogue_.turns) {
            turn_ = &turn;
            if (turn.setting) {
                commit("/ip firewall connection tracking set " + turn.text + "\n");
            } else {
                say(turn);
            }
        }
        return differences_;
    }

private:
    void add(const std::string &text)
    {
        differences_.push_back(fmt::format("{}:{}: {}{}", dialogue_.file.filename().string(),
                                           turn_ == nullptr ? 0 : turn_->line,
                                           ipv6_ ? "IPv6: " : "", text));
    }

    void expect(const char *what, const std::string &expected, const std::string &found)
    {
        if (expected != found) {
            add(fmt::format("{}: expected {}, found {}", what, expected, found));
        }
    }

    void commit(const std::string &text)
    {
        if (const auto done = router_.commit(text); !done) {
            add(to_string(done.error()));
        }
    }

    void say(const Turn &turn)
    {
        const Segment segment = read_segment(turn.text);
        const auto now = std::chrono::milliseconds(std::llround(segment.time * 1000));
        router_.wait(now - time_);
        time_ = now;
        Hook hook;
        hook.ifindex = find_interface(segment.reply ? "wan" : "lan")->ifindex;
        const Interface &port = *find_interface(hook.ifindex);
        const Frame sent = frame(fmt::format("ethernet dst={} src=02:00:00:00:99:99 | {}", port.mac,
                                             packet_text(segment, ipv6_, ends_)));
        const Outcome outcome = router_.packet(hook, sent);
        for (const std::string &fault : outcome.faults) {
            add(fault);
        }
        expect("connection-state", turn.verdict, outcome.state);
        expect_connection(turn);
    }

    void expect_connection(const Turn &turn)
    {
        std::string state = "-", left;
        unsigned living = 0;
        for (const TableRow &row : router_.table()) {
            if (row.overdue) {
                continue;
            }
            living++;
            state = state_names.at(tg_word_tcp_state(row.record.word));
            const std::uint64_t ticks = router_.datapath().ticks_per_second();
            const std::uint64_t timeout =
                tg_conn_timeout(&row.record, row.record.word, router_.timeouts().data()) * ticks;
            left = tg::to_string(
                Duration(std::chrono::seconds((timeout - row.idle + ticks - 1) / ticks)));
        }
        expect("tcp-state", turn.state, state);
        if (!turn.timeout.empty()) {
            expect("timeout", turn.timeout, left);
        }
        if (living > 1) {
            add(fmt::format("{} connections", living));
        }
    }

    const Dialogue &dialogue_;
    Router &router_;
    bool ipv6_;
    Ends ends_;
    std::chrono::milliseconds time_{0};
    const Turn *turn_ = nullptr;
    std::vector<std::string> differences_;
};

// Adds a line to the last of the dialogues; "" or what is wrong.
std::string add_line(std::vector<Dialogue> &dialogues, const std::filesystem::path &file,
                     const std::string &line, unsigned number)
{
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word == "dialogue") {
        dialogues.push_back({.name = line.substr(9), .file = file, .turns = {}});
        return {};
    }
    if (dialogues.empty()) {
        return "a dialogue must begin first";
    }
    Dialogue &dialogue = dialogues.back();
    if (word == "first") {
        words >> dialogue.client_first >> dialogue.server_first;
        return words ? "" : "expected two numbers";
    }
    Turn turn{.line = number,
              .setting = word == "set",
              .text = line,
              .state = {},
              .verdict = {},
              .timeout = {}};
    if (turn.setting) {
        turn.text = line.substr(4);
    } else {
        const std::size_t arrow = line.find("->");
        if (arrow == std::string::npos) {
            return "expected \"->\"";
        }
        turn.text = line.substr(0, arrow);
        std::istringstream expected(line.substr(arrow + 2));
        expected >> turn.state >> turn.verdict >> word;
        turn.timeout = word.starts_with("timeout=") ? word.substr(8) : "";
    }
    dialogue.turns.push_back(turn);
    return {};
}

} // namespace

std::vector<Dialogue> read_all_dialogues(const std::filesystem::path &folder)
{
    std::vector<std::filesystem::path> files;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".dialogue") {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    std::vector<Dialogue> dialogues;
    for (const auto &file : files) {
        std::ifstream stream(file);
        std::string line;
        for (unsigned number = 1; std::getline(stream, line); number++) {
            line = line.substr(0, line.find('#'));
            line.erase(line.find_last_not_of(" \t") + 1);
            if (line.empty()) {
                continue;
            }
            if (const std::string wrong = add_line(dialogues, file, line, number); !wrong.empty()) {
                throw std::runtime_error(fmt::format("{}:{}: {}", file.string(), number, wrong));
            }
        }
    }
    return dialogues;
}

std::vector<std::string> hold_dialogue(const Dialogue &dialogue, Router &router, bool ipv6)
{
    return Holder(dialogue, router, ipv6).hold();
}

} // namespace tg::test
