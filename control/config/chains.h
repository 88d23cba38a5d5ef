// SPDX-License-Identifier: Apache-2.0
// The chains of a rule menu: which are built in, which its rules make, and where jumps lead.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "control/base/error.h"
#include "control/config/config.h"

namespace tg {

// A text property of a rule without copying it; empty: it was not set.
std::string_view rule_text(const Item &rule, std::string_view property);

// Where the rule jumps to; empty: it does not.
std::string_view jump_target(const Item &rule);

bool is_builtin_chain(std::string_view menu, std::string_view chain);

// A chain that is not built in exists as long as a rule stands in it, be it a disabled one.
bool chain_exists(const Config &config, std::string_view menu, std::string_view chain);

// The chains a packet can come to by the jumps of rules that `works` is true of; as long as
// `config`.
std::set<std::string_view> reached_chains(const Config &config, std::string_view menu,
                                          const std::function<bool(const Item &rule)> &works);

// The chain, and all that enabled rules lead to from it by jumps; as long as `config` and `chain`.
std::set<std::string_view> chains_below(const Config &config, std::string_view menu,
                                        std::string_view chain);

// A rule that is kept for the sake of the script it is from: redirect in nat's chain output, which
// comes when a packet cannot come back to the router any more.
bool never_works(const Item &rule);

// Why an action cannot stand in a built-in chain of the menu; empty: it can.
std::string action_refusal(std::string_view menu, std::string_view action, std::string_view chain);

// Error: by the jumps of enabled rules, packets come from a built-in chain to an action that cannot
// stand there.
Result<void> check_reached_actions(const Config &config, std::string_view menu);

// Error: enabled rules jump in a circle, or in more than TG_LIMIT_JUMPS chains one below the other.
Result<void> check_jumps(const Config &config, std::string_view menu);

} // namespace tg
