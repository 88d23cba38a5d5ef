// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/reached.h"

#include <array>
#include <fmt/format.h>
#include <map>
#include <set>

#include "tidegate/timeout.h"
#include "tidegate/verdict.h"

namespace tg::test {
namespace {

using Names = std::vector<std::string>;

const std::map<std::string, Names> &lists()
{
    static const std::map<std::string, Names> all = {
        {"connection-state",
         {
#define TG_X(name, text) text,
             TG_CONNECTION_STATES(TG_X)
#undef TG_X
         }},
        {"tcp-state",
         {
#define TG_X(name, text) text,
             TG_TCP_STATES(TG_X)
#undef TG_X
         }},
        {"timeout",
         {
#define TG_X(class_, property, seconds) property,
             TG_TIMEOUTS(TG_X)
#undef TG_X
         }},
        {"reason",
         {
#define TG_X(name, text, verdict, meaning) text,
             TG_REASONS(TG_X)
#undef TG_X
         }},
    };
    return all;
}

// Each with the reason why no packet here can reach it.
const std::set<std::string> out_of_reach = {
    "next",                    // means "not decided": a packet that ends under it is a fault
    "no-scratch",              // the kernel always has the slot
    "no-headroom",             // drivers leave enough of it
    "fragment-no-room",        // a life has not as many early pieces in a second
    "nat-port-exhausted",      // no two flows of a life talk to one remote end
    "nat-no-address",          // nobody here comes in by the one interface without an address
    "nat-failed",              // every packet that is accepted can be translated
    "input-forwarded",         // a test run cannot carry the tag of TC ingress
    "tcp-unacked-timeout",     // no state of the tracker uses it yet
    "tcp-max-retrans-timeout", // nor this
};

} // namespace

void Reached::note(const Outcome &outcome)
{
    seen_["reason"][outcome.reason]++;
    if (!outcome.state.empty()) {
        seen_["connection-state"][outcome.state]++;
    }
}

void Reached::note(const std::vector<TableRow> &table)
{
    for (const TableRow &row : table) {
        seen_["tcp-state"][lists().at("tcp-state").at(tg_word_tcp_state(row.record.word))]++;
        seen_["timeout"][lists().at("timeout").at(tg_word_timeout(row.record.word))]++;
    }
}

std::string Reached::report() const
{
    std::string text;
    for (const auto &[list, names] : lists()) {
        text += list + ":";
        const auto counts = seen_.find(list);
        for (const std::string &name : names) {
            const bool any = counts != seen_.end() && counts->second.contains(name);
            text += fmt::format(" {} {}", name, any ? counts->second.at(name) : 0);
            text += &name == &names.back() ? "\n" : ",";
        }
    }
    return text;
}

std::vector<std::string> Reached::missing() const
{
    std::vector<std::string> result;
    for (const auto &[list, names] : lists()) {
        const auto counts = seen_.find(list);
        for (const std::string &name : names) {
            const bool any = counts != seen_.end() && counts->second.contains(name);
            if (!any && !out_of_reach.contains(name)) {
                result.push_back(list + " " + name);
            }
        }
    }
    return result;
}

} // namespace tg::test
