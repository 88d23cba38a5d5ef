// SPDX-License-Identifier: Apache-2.0
// What must hold of every packet that any program has dealt with; each breach is a fault of its
// outcome.
#pragma once

#include <array>
#include <string_view>

#include "tests/harness/router.h"
#include "tidegate/verdict.h"

namespace tg::test {

inline constexpr std::array<std::string_view, TG_REASON_COUNT> reason_names = {
#define TG_X(name, text, verdict, meaning) text,
    TG_REASONS(TG_X)
#undef TG_X
};

// What the run of a program tells, before anything is counted.
Outcome outcome_of(const Ran &ran, const Frame &frame);
// Every packet is counted, goes where its reason says, and only what we send ourselves is changed.
void judge_end(Outcome &outcome, const Hook &hook, const Frame &frame);
// `explain` foretells the reason of every packet that is counted here.
void judge_explanation(Outcome &outcome, const Ran &explained);

} // namespace tg::test
