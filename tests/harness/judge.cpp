// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/judge.h"

#include <algorithm>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include "tests/harness/icmp_error.h"
#include "tests/harness/topology.h"
#include "tidegate/control.h"

namespace tg::test {
namespace {

constexpr std::array<tg_verdict, TG_REASON_COUNT> reason_verdicts = {
#define TG_X(name, text, verdict, meaning) TG_VERDICT_##verdict,
    TG_REASONS(TG_X)
#undef TG_X
};

// Whether a program of ours has seen what the kernel says came in by the interface.
bool seen_coming(std::uint32_t ifindex)
{
    const Interface *port = find_interface(ifindex);
    const Interface *lower = port == nullptr ? nullptr : find_interface(port->lower);
    return port != nullptr && (port->attached || (lower != nullptr && lower->attached));
}

tg_verdict verdict_of(const std::string &reason)
{
    const auto *found = std::ranges::find(reason_names, reason);
    return found == reason_names.end() ? TG_VERDICT_NEXT
                                       : reason_verdicts.at(found - reason_names.begin());
}

// What finish does for the reason; nothing was counted for what ingress has counted.
int expected_action(const Outcome &outcome)
{
    switch (verdict_of(outcome.reason)) {
    case TG_VERDICT_ANSWER: // unless it may not be answered
        return outcome.action == TC_ACT_REDIRECT ? TC_ACT_REDIRECT : TC_ACT_SHOT;
    case TG_VERDICT_FORWARD:
        return TC_ACT_REDIRECT;
    case TG_VERDICT_HOLD:
    case TG_VERDICT_DROP:
        return TC_ACT_SHOT;
    default:
        return TC_ACT_UNSPEC;
    }
}

} // namespace

Outcome outcome_of(const Ran &ran, const Frame &frame)
{
    return {.refused = ran.refused,
            .action = ran.action,
            .by_xdp = ran.by_xdp,
            .came = frame.bytes,
            .frame = ran.frame,
            .redirect = ran.redirect,
            .tag = ran.tag,
            .priority = ran.priority};
}

void judge_end(Outcome &outcome, const Hook &hook, const Frame &frame)
{
    const bool counted_before = hook.egress && seen_coming(hook.from_ifindex) &&
                                (hook.tag == TG_TAG_FORWARD || hook.tag == TG_TAG_UNSOURCED);
    if (outcome.reason.empty() != counted_before && outcome.action != TC_ACT_SHOT) {
        outcome.faults.push_back(counted_before ? "counted twice" : "not counted");
    }
    if (outcome.action != expected_action(outcome)) {
        outcome.faults.push_back(
            fmt::format("action {} does not fit {}", outcome.action, outcome.reason));
    }
    if (outcome.action == TC_ACT_REDIRECT && verdict_of(outcome.reason) == TG_VERDICT_ANSWER) {
        std::ranges::move(error_faults(frame.bytes, outcome.frame, hook.ifindex),
                          std::back_inserter(outcome.faults));
    }
    outcome.changed = outcome.action != TC_ACT_REDIRECT && outcome.frame != frame.bytes;
    if (outcome.changed && outcome.action == TC_ACT_SHOT) {
        outcome.faults.push_back("a packet that is dropped was changed");
    }
}

void judge_explanation(Outcome &outcome, const Ran &explained)
{
    const auto number = static_cast<std::size_t>(explained.action);
    const std::string_view reason = number < reason_names.size() ? reason_names[number] : "nothing";
    if (!outcome.reason.empty() && outcome.reason != reason) {
        outcome.faults.push_back(fmt::format("explained as {}, was {}", reason, outcome.reason));
    }
}

} // namespace tg::test
