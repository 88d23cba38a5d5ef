// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/reached.h"

#include <array>
#include <fmt/format.h>
#include <map>
#include <netinet/in.h>
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
        {"translation",
         {"srcnat", "dstnat", "both", "answered", "mapping", "from-mapping", "to-mapping"}},
    };
    return all;
}

// What the record of a translated connection or a mapping shows.
Names translations(const tg_conn &record)
{
    const std::uint16_t flags = tg_word_flags(record.word);
    const bool source = (flags & TG_CONN_FLAG_SRCNAT) != 0,
               destination = (flags & TG_CONN_FLAG_DSTNAT) != 0,
               mapped = record.original.protocol == IPPROTO_UDP && (flags & TG_CONN_MAPPED) != 0;
    Names names;
    if (record.original.mapping != 0) {
        return {"mapping"};
    }
    if (source || destination) {
        names.emplace_back(source && destination ? "both" : source ? "srcnat" : "dstnat");
    }
    if (!names.empty() && (flags & TG_CONN_FLAG_SEEN_REPLY) != 0) {
        names.emplace_back("answered");
    }
    if (mapped && record.mapped[TG_MAPPED_SOURCE].id != 0) {
        names.emplace_back("from-mapping");
    }
    if (mapped && record.mapped[TG_MAPPED_DESTINATION].id != 0) {
        names.emplace_back("to-mapping");
    }
    return names;
}

// Each with the reason why no packet here can reach it.
const std::set<std::string> out_of_reach = {
    "next",                    // means "not decided": a packet that ends under it is a fault
    "no-scratch",              // the kernel always has the slot
    "no-headroom",             // drivers leave enough of it
    "fragment-no-room",        // a life has not as many early pieces in a second
    "nat-port-exhausted",      // no two flows of a life talk to one remote end
    "nat-no-address",          // nobody here comes in by the one interface without an address
    "way-unknown",             // this Linux tells the way of a mark
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
        for (const std::string &name : translations(row.record)) {
            seen_["translation"][name]++;
        }
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
