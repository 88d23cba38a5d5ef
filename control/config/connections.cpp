// SPDX-License-Identifier: Apache-2.0
// The verbs of the connection menus. Rows stream from the running table to the sink.
#include <algorithm>

#include <fmt/format.h>

#include "control/config/assign.h"
#include "control/config/context.h"
#include "control/config/follow.h"
#include "control/config/print.h"
#include "control/config/select.h"

namespace tg {
namespace {

// A connection the user has named, by id or number.
struct Named {
    std::uint32_t id = 0;
    std::string text;
    Position position;
};

// Which connections a command means: those named, or all that satisfy a condition.
struct Selection {
    std::optional<std::vector<Named>> named;
    std::optional<Condition> condition;

    [[nodiscard]] bool has(const ConnectionRow &row) const
    {
        return named ? std::ranges::find(*named, row.id(), &Named::id) != named->end()
                     : row.matches(condition);
    }
};

Result<Selection> read_selection(Context &context, const Argument &argument)
{
    if (argument.substitution != nullptr) {
        if (auto checked = check_find(context.menu, argument); !checked) {
            return std::unexpected(std::move(checked.error()));
        }
        return Selection{.named = {}, .condition = argument.substitution->where};
    }
    Selection selection{.named = std::vector<Named>(), .condition = {}};
    const std::string_view text = argument.value.text;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find(',', start), text.size());
        Position position = argument.value.position;
        position.column += static_cast<unsigned>(start + (argument.value.quoted ? 1 : 0));
        const std::string_view word = text.substr(start, end - start);
        const auto id = read_id(context, word, position);
        if (!id) {
            return std::unexpected(id.error());
        }
        selection.named->push_back({*id, std::string(word), position});
        start = end + 1;
    }
    return selection;
}

// Calls `each` for every connection that satisfies the command's condition.
template <class Each> Result<void> for_each_row(const Context &context, Each each)
{
    return context.runtime.connections(context.menu.family, [&](const Connection &connection) {
        const ConnectionRow row(connection, context.config.marks);
        if (row.matches(context.command.where)) {
            each(row);
        }
        return true;
    });
}

// The first of those named that is not among those found.
const Named *find_missing(const Selection &selection, const std::vector<ConnectionName> &found)
{
    if (!selection.named) {
        return nullptr;
    }
    const auto missing = std::ranges::find_if(*selection.named, [&found](const Named &named) {
        return std::ranges::find(found, named.id, &ConnectionName::generation) == found.end();
    });
    return missing == selection.named->end() ? nullptr : &*missing;
}

std::unexpected<Error> no_such_item(const Named &named)
{
    return fail(fmt::format("no such item: {}", named.text), named.position);
}

} // namespace

Result<void> print_connections(Context &context)
{
    const auto options = read_print_options(context);
    if (!options) {
        return std::unexpected(options.error());
    }
    if (options->follow) {
        return follow_connections(context, *options);
    }
    Output output(context.sink);
    if (options->style == Style::count && !context.command.where && !options->dynamic_only) {
        const auto count = context.runtime.count_connections(context.menu.family);
        if (!count) {
            return std::unexpected(count.error());
        }
        output.write(fmt::format("{}\n", *count));
        output.flush();
        context.repeat = options->repeat;
        return {};
    }
    const auto listing = make_listing(context.menu, options->style, context.session.width, output);
    if (listing->measures()) {
        auto measured = for_each_row(context, [&](const Row &row) { listing->measure(row); });
        if (!measured) {
            return measured;
        }
    }
    std::vector<std::uint32_t> unused;
    auto &numbers = options->style == Style::count ? unused : fresh_numbers(context);
    if (!options->dynamic_only) {
        auto listed = for_each_row(context, [&](const Row &row) {
            if (options->style != Style::count) {
                numbers.push_back(row.id());
            }
            listing->row(row);
        });
        if (!listed) {
            return listed;
        }
    }
    listing->end();
    output.flush();
    context.repeat = options->repeat;
    return {};
}

Result<void> find_connections(Context &context)
{
    const bool json = context.session.json;
    Output output(context.sink);
    bool begun = false;
    auto found = for_each_row(context, [&](const Row &row) {
        output.write(begun ? (json ? "," : ";") : (json ? "[" : ""));
        output.write(fmt::format(fmt::runtime(json ? "\"{}\"" : "{}"), print_id(row.id())));
        begun = true;
    });
    if (!found) {
        return found;
    }
    output.write(json ? (begun ? "]\n" : "[]\n") : "\n");
    output.flush();
    return {};
}

Result<Connection> select_connection(Context &context, const Argument &argument)
{
    const auto selection = read_selection(context, argument);
    if (!selection) {
        return std::unexpected(selection.error());
    }
    std::vector<Connection> found;
    auto visited =
        context.runtime.connections(context.menu.family, [&](const Connection &connection) {
            if (selection->has(ConnectionRow(connection, context.config.marks))) {
                found.push_back(connection);
            }
            return found.size() < 2;
        });
    if (!visited) {
        return std::unexpected(std::move(visited.error()));
    }
    if (found.empty() && selection->named && !selection->named->empty()) {
        return no_such_item(selection->named->front());
    }
    if (found.size() != 1) {
        return fail(fmt::format("expected one item, not {}", found.empty() ? "none" : "several"),
                    argument.value.position);
    }
    return found.front();
}

Result<void> remove_connections(Context &context)
{
    const Argument *which = find_selection(context.command);
    if (which == nullptr) {
        return fail("missing value(s) of argument(s) numbers", context.command.verb.position);
    }
    if (context.command.arguments.size() > 1) {
        return unexpected_argument(context.menu, context.command.arguments[1]);
    }
    const auto selection = read_selection(context, *which);
    if (!selection) {
        return std::unexpected(selection.error());
    }
    std::vector<ConnectionName> found;
    auto visited =
        context.runtime.connections(context.menu.family, [&](const Connection &connection) {
            if (selection->has(ConnectionRow(connection, context.config.marks))) {
                found.push_back(name_of(connection.record));
            }
            return true;
        });
    if (!visited) {
        return visited;
    }
    if (const Named *missing = find_missing(*selection, found)) {
        return no_such_item(*missing);
    }
    const auto removed = context.runtime.remove_connections(found);
    return removed ? Result<void>{} : std::unexpected(removed.error());
}

} // namespace tg
