// SPDX-License-Identifier: Apache-2.0
// get: one property of one item, or all of them, as scripts see them.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "control/config/assign.h"
#include "control/config/context.h"
#include "control/config/print.h"
#include "control/config/select.h"

namespace tg {
namespace {

// What a get names; nullptr: it does not.
struct Wanted {
    const Argument *item = nullptr;
    const Argument *property = nullptr;
};

Result<Wanted> read_wanted(const Context &context)
{
    Wanted wanted;
    const bool several = context.menu.kind != MenuKind::single;
    for (const Argument &argument : context.command.arguments) {
        const std::string_view name = argument.name.text;
        const bool is_item = name == "number" || name == "numbers" ||
                             (name.empty() && wanted.item == nullptr && several);
        const bool is_property = name == "value-name" || (name.empty() && !is_item);
        const Argument *&place = is_item ? wanted.item : wanted.property;
        if ((!is_item && !is_property) || argument.unset || place != nullptr ||
            (is_item && !several) || (is_property && argument.substitution != nullptr)) {
            return unexpected_argument(context.menu, argument);
        }
        place = &argument;
    }
    if (several && wanted.item == nullptr) {
        return fail("missing value(s) of argument(s) number", context.command.verb.position);
    }
    return wanted;
}

Result<void> write_row(Context &context, const Row &row, const Argument *property)
{
    const bool json = context.session.json;
    if (property == nullptr) {
        Output output(context.sink);
        const auto listing = make_listing(context.menu, json ? Style::json : Style::as_value,
                                          context.session.width, output);
        listing->row(row);
        listing->end();
        output.flush();
        return {};
    }
    const Word &name = property->value;
    if (auto checked = check_property(context.menu, name.text, name.position); !checked) {
        return checked;
    }
    const Property *known = context.menu.property(name.text);
    const std::string key(known == nullptr ? name.text : known->name);
    const std::string text = json ? row.json().value(key, Json()).dump()
                                  : to_script(row.operand(name.text).value_or(Operand{}));
    context.sink.write(text + "\n");
    return {};
}

} // namespace

Result<void> run_get(Context &context)
{
    const auto wanted = read_wanted(context);
    if (!wanted) {
        return std::unexpected(wanted.error());
    }
    if (context.menu.kind == MenuKind::connections) {
        const auto connection = select_connection(context, *wanted->item);
        return connection ? write_row(context, ConnectionRow(*connection, context.config.marks),
                                      wanted->property)
                          : std::unexpected(connection.error());
    }
    const VisibleItems visible(context.menu, context.config);
    const auto *item = &visible.get().front();
    if (wanted->item != nullptr) {
        const auto ids = select_items(context, *wanted->item);
        if (!ids) {
            return std::unexpected(ids.error());
        }
        if (ids->size() != 1) {
            return fail(fmt::format("expected one item, not {}", ids->empty() ? "none" : "several"),
                        wanted->item->value.position);
        }
        item = &*std::ranges::find(visible.get(), ids->front(), &Item::id);
    }
    const Surroundings around = surroundings(context);
    return write_row(context, ItemRow(context.menu, *item, around), wanted->property);
}

} // namespace tg
