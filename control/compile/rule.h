// SPDX-License-Identifier: Apache-2.0
// One rule of the configuration to one rule of the datapath.
#pragma once

#include <optional>

#include "control/compile/interface_lists.h"
#include "tidegate/rule.h"

namespace tg {

// What a rule's names refer to.
struct RuleContext {
    const Environment &environment;
    const InterfaceLists &lists;
    const Marks &marks;
};

// nullopt: no packet can match it (in-interface-list=none). The rule is enabled and valid. Error:
// a counter or an action that the datapath does not have.
Result<std::optional<tg_rule>> compile_rule(const Item &item, const RuleContext &context);

} // namespace tg
