// SPDX-License-Identifier: Apache-2.0
// The router under test: rules go in as RouterOS text, packets as text, and what became of each
// packet comes out as words. Knows both sides; the datapath may be hosted or the kernel's.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/base/error.h"
#include "control/compile/rule_log.h"
#include "control/config/config.h"
#include "tests/harness/datapath.h"
#include "tests/harness/early_pieces.h"

namespace tg::test {

// Where a packet meets the router.
struct Hook {
    bool egress = false;
    std::uint32_t ifindex = 0;      // the interface of the hook
    std::uint32_t from_ifindex = 0; // egress: where it came in; 0: the router sent it
    std::uint16_t tag = 0;          // egress: what ingress wrote on it
    std::uint32_t priority = 0;     // egress: what its sender has given it
};

// What became of one packet.
struct Outcome {
    bool refused = false;      // the runner cannot be given such a packet
    int action = 0;            // TC_ACT_*
    std::string reason = {};   // by name; "" if nothing was counted
    std::string state = {};    // connection-state the filter chain saw; "" if it saw none
    std::uint64_t packets = 0; // counted under the reason
    std::uint64_t bytes = 0;
    bool by_xdp = false;  // sent there
    bool changed = false; // not sent, and not as it came
    Bytes came = {};
    Bytes frame = {}; // afterwards
    std::optional<std::uint32_t> redirect = {};
    std::optional<std::uint16_t> tag = {};
    std::optional<std::uint32_t> priority = {};
    std::vector<std::string> faults = {}; // broken invariants

    friend bool operator==(const Outcome &a, const Outcome &b);
};

std::string to_string(const Outcome &outcome);

// One record of the table, in the order of its tuple.
struct TableRow {
    tg_conn record = {};
    std::uint64_t idle = 0; // ticks since last_seen
    bool overdue = false;   // by the timeouts in force
};
// "tcp 192.0.2.1:1000 > 192.0.2.2:80 established SAC 2/80 1/40"
std::string to_string(const TableRow &row);

class Router {
public:
    explicit Router(std::unique_ptr<Datapath> datapath);

    // As after the loader: attached everywhere, no connection, no counter, not armed.
    void reset();
    // No connection and no fragment is known; rules, counters and the rest stay.
    void forget();
    // Puts this configuration in force; more of it if there is one already.
    Result<void> commit(std::string_view routeros);
    [[nodiscard]] bool armed() const
    {
        return bank_ != 0;
    }
    Outcome packet(const Hook &hook, const Frame &frame);
    void wait(std::chrono::milliseconds time);
    // Fragments before their first that can go on do so, those held too long are given up, as the
    // agent does; what became of each, in that order.
    std::vector<Outcome> act_on_pieces();
    // Removes what is overdue, as the agent does; returns how many.
    unsigned sweep();

    // The whole table, overdue records too.
    [[nodiscard]] std::vector<TableRow> table() const;
    // Those that are not overdue, as text.
    [[nodiscard]] std::vector<std::string> connections() const;
    // By comment of the rule; nullopt if there is no such rule.
    [[nodiscard]] std::optional<tg_counter> rule_counter(std::string_view comment) const;
    // As the datapath counts them.
    [[nodiscard]] std::vector<tg_counter> reasons() const;
    // By rule id, as many as were ever in use.
    [[nodiscard]] std::vector<tg_counter> rule_counters() const;
    // The number of connections the datapath believes in.
    [[nodiscard]] std::uint64_t counted_connections() const;
    // How many lines of rules were lost.
    [[nodiscard]] std::uint64_t lost_lines() const
    {
        return datapath_->counters("tg_tallies_count", TG_TALLY_COUNT)[TG_TALLY_LOG_LOST].packets;
    }
    // What rules have logged since the last call.
    std::vector<std::string> log()
    {
        std::vector<std::string> lines;
        for (const tg_log_line &line : datapath_->take_log()) {
            lines.push_back(rule_log_.text(line));
        }
        return lines;
    }
    // Those in force, in seconds, by enum tg_timeout.
    [[nodiscard]] std::array<std::uint32_t, TG_TIMEOUT_SLOTS> timeouts() const;
    Datapath &datapath()
    {
        return *datapath_;
    }

private:
    void clear(std::string_view map);
    void fill_rates();
    [[nodiscard]] std::string state_seen(const std::vector<tg_counter> &before) const;
    void judge_counters(Outcome &outcome, const std::vector<tg_counter> &before) const;
    void bring_back(const tg_piece &piece);
    void give_up(const tg_given_up &pieces);

    std::unique_ptr<Datapath> datapath_;
    Config config_;
    std::vector<tg_bank_element> elements_;
    RuleLog rule_log_;
    // Counter of a probe rule → the connection-state it matches.
    std::map<std::uint32_t, std::string> probes_;
    std::uint64_t bank_ = 0;
    std::uint32_t counters_used_ = 0;
    std::uint64_t elapsed_ = 0; // ticks
    EarlyPieces early_pieces_;
    std::vector<Outcome> ended_; // of pieces
};

} // namespace tg::test
