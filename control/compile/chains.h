// SPDX-License-Identifier: Apache-2.0
// The chains of all rule menus to elements of a bank: where each begins, and where jumps go.
#pragma once

#include <vector>

#include "control/compile/rule.h"
#include "tidegate/chain.h"

namespace tg {

// Appends the rules of every chain that packets can come to, and says where the built-in chains
// are. Error: a limit of limits.h is exceeded, or jumps go in a circle.
Result<tg_bank_chains> append_chains(std::vector<tg_bank_element> &elements, const Config &config,
                                     const RuleContext &context);

} // namespace tg
