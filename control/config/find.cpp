// SPDX-License-Identifier: Apache-2.0
// find: the ids of the items that satisfy a condition.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "control/config/assign.h"
#include "control/config/context.h"

namespace tg {

Result<void> run_find(Context &context)
{
    if (!context.command.arguments.empty()) {
        return unexpected_argument(context.menu, context.command.arguments.front());
    }
    if (auto checked = check_condition(context.menu, context.command.where); !checked) {
        return checked;
    }
    if (context.menu.kind == MenuKind::connections) {
        return find_connections(context);
    }
    const VisibleItems visible(context.menu, context.config);
    const Surroundings around = surroundings(context);
    std::vector<std::string> ids;
    for (const Item &item : visible.get()) {
        if (ItemRow(context.menu, item, around).matches(context.command.where)) {
            ids.push_back(print_id(item.id));
        }
    }
    context.sink.write(context.session.json ? Json(ids).dump() + "\n"
                                            : fmt::format("{}\n", fmt::join(ids, ";")));
    return {};
}

} // namespace tg
