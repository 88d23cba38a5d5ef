// SPDX-License-Identifier: Apache-2.0
// The verbs that set rules' counters back.
#include <algorithm>

#include "control/config/assign.h"
#include "control/config/context.h"
#include "control/config/select.h"

namespace tg {

Result<void> run_reset_counters(Context &context)
{
    if (context.command.arguments.size() > 1) {
        return unexpected_argument(context.menu, context.command.arguments[1]);
    }
    const auto ids = select_numbers(context);
    if (!ids) {
        return std::unexpected(ids.error());
    }
    const auto &rules = context.config.items(context.menu.path);
    for (const std::uint32_t id : *ids) {
        context.runtime.reset_rule_counter(std::ranges::find(rules, id, &Item::id)->counter);
    }
    return {};
}

Result<void> run_reset_all_counters(Context &context)
{
    if (!context.command.arguments.empty()) {
        return unexpected_argument(context.menu, context.command.arguments.front());
    }
    for (const Item &rule : context.config.items(context.menu.path)) {
        context.runtime.reset_rule_counter(rule.counter);
    }
    return {};
}

} // namespace tg
