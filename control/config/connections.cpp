// SPDX-License-Identifier: Apache-2.0
// The verbs of the connection menus. Rows stream from the running table to the sink.
#include <unordered_set>

#include <fmt/format.h>

#include "control/config/assign.h"
#include "control/config/context.h"
#include "control/config/print.h"
#include "control/config/select.h"
#include "tidegate/limits.h"

namespace tg {
namespace {

// Removed at once: bounds the memory while a full table is emptied.
constexpr std::size_t removal_batch = 16384;

// Which connections a command means: those named, or all that satisfy a condition.
struct Selection {
    std::optional<std::unordered_set<std::uint32_t>> ids;
    std::optional<Condition> condition;

    [[nodiscard]] bool has(const ConnectionRow &row) const
    {
        return (!ids || ids->contains(row.id())) && row.matches(condition);
    }
};

Result<Selection> read_selection(Context &context, const Argument &argument)
{
    if (argument.substitution != nullptr) {
        if (auto checked = check_find(context.menu, argument); !checked) {
            return std::unexpected(std::move(checked.error()));
        }
        return Selection{.ids = {}, .condition = argument.substitution->where};
    }
    Selection selection{.ids = std::unordered_set<std::uint32_t>(), .condition = {}};
    const std::string_view text = argument.value.text;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find(',', start), text.size());
        Position position = argument.value.position;
        position.column += static_cast<unsigned>(start + (argument.value.quoted ? 1 : 0));
        const auto id = read_id(context, text.substr(start, end - start), position);
        if (!id) {
            return std::unexpected(id.error());
        }
        selection.ids->insert(*id);
        start = end + 1;
    }
    return selection;
}

// Calls `each` for every connection that satisfies the command's condition.
template <class Each> Result<void> for_each_row(const Context &context, Each each)
{
    return context.runtime.connections(context.menu.family, [&](const Connection &connection) {
        const ConnectionRow row(connection);
        if (row.matches(context.command.where)) {
            each(row);
        }
        return true;
    });
}

// One round: removes up to a batch; how many it found.
Result<std::size_t> remove_batch(Context &context, const Selection &selection)
{
    std::vector<tg_conn> records;
    auto visited =
        context.runtime.connections(context.menu.family, [&](const Connection &connection) {
            if (selection.has(ConnectionRow(connection))) {
                records.push_back(connection.record);
            }
            return records.size() < removal_batch;
        });
    if (!visited) {
        return std::unexpected(std::move(visited.error()));
    }
    if (!records.empty()) {
        const auto removed = context.runtime.remove_connections(records);
        if (!removed) {
            return std::unexpected(removed.error());
        }
    }
    return records.size();
}

} // namespace

Result<void> print_connections(Context &context)
{
    const auto options = read_print_options(context);
    if (!options) {
        return std::unexpected(options.error());
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
    // New connections may come as fast as old ones go: as many rounds as a full table needs.
    std::size_t found_in_all = 0;
    for (std::size_t round = 0; round <= TG_LIMIT_CONNECTIONS / removal_batch; ++round) {
        const auto found = remove_batch(context, *selection);
        if (!found) {
            return std::unexpected(found.error());
        }
        found_in_all += *found;
        if (*found < removal_batch) {
            break;
        }
    }
    const auto &named = selection->ids;
    if (named && !named->empty() && found_in_all == 0) {
        return fail(fmt::format("no such item: {}", which->value.text), which->value.position);
    }
    return {};
}

} // namespace tg
