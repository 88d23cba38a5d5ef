// SPDX-License-Identifier: Apache-2.0
#include "control/config/print.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "control/base/limits.h"
#include "control/command/quote.h"
#include "control/config/assign.h"
#include "control/config/chains.h"
#include "control/config/validate.h"

namespace tg {
namespace {

// Options that are a word alone. Those with a style change it, the others change nothing or are
// looked at below.
struct PrintWord {
    std::string_view name;
    Style style;
    bool record; // also in menus with one record
};

constexpr std::array print_words{
    PrintWord{"brief", Style::brief, false},
    PrintWord{"detail", Style::detail, false},
    PrintWord{"terse", Style::terse, false},
    PrintWord{"value-list", Style::value_list, false},
    PrintWord{"stats", Style::stats, false},
    PrintWord{"count-only", Style::count, false},
    PrintWord{"as-value", Style::as_value, true},
    PrintWord{"all", Style::menu, false},
    PrintWord{"static", Style::menu, false},
    PrintWord{"dynamic", Style::menu, false},
    PrintWord{"follow", Style::menu, false},
    PrintWord{"follow-only", Style::menu, false},
    PrintWord{"without-paging", Style::menu, true},
};

constexpr std::array<std::string_view, 7> missing_options{
    "comments", "from", "group-by", "on-event", "proplist", "show-ids", "timestamp",
};

// What the shell that calls us does better.
constexpr std::array<std::string_view, 2> shell_options{"append", "file"};

bool has_counters(const Menu &menu)
{
    return menu.kind == MenuKind::rules;
}

Result<Duration> read_interval(const Argument &argument)
{
    const auto interval = parse_duration(argument.value.text);
    if (!interval || *interval < limit_interval_min || argument.substitution != nullptr) {
        return fail(fmt::format("invalid value for argument interval: expected a time of at least "
                                "{}",
                                to_string(limit_interval_min)),
                    argument.value.position);
    }
    return *interval;
}

Result<std::string> read_chain(const Context &context, const Argument &argument)
{
    const std::string &chain = argument.value.text;
    if (argument.substitution != nullptr ||
        !chain_exists(context.config, context.menu.path, chain)) {
        return fail(fmt::format("input does not match any value of chain: there is no chain {}",
                                quote_if_needed(chain)),
                    argument.value.position);
    }
    return chain;
}

Result<void> read_option(const Context &context, const Argument &argument, PrintOptions &options)
{
    const Menu &menu = context.menu;
    const bool positional = argument.name.text.empty();
    const Word &word = positional ? argument.value : argument.name;
    if (std::ranges::find(missing_options, word.text) != missing_options.end()) {
        return fail(fmt::format("print {} is not built yet", word.text), word.position);
    }
    if (std::ranges::find(shell_options, word.text) != shell_options.end()) {
        return fail(fmt::format("print {} is not supported: the shell writes files, tidegate '…' > "
                                "FILE",
                                word.text),
                    word.position);
    }
    if (!positional && word.text == "interval" && !argument.unset) {
        const auto interval = read_interval(argument);
        if (!interval) {
            return std::unexpected(interval.error());
        }
        options.repeat = *interval;
        return {};
    }
    if (!positional && word.text == "chain" && menu.kind == MenuKind::rules && !argument.unset) {
        const auto chain = read_chain(context, argument);
        if (!chain) {
            return std::unexpected(chain.error());
        }
        options.chain = *chain;
        return {};
    }
    const auto *const found = std::ranges::find(print_words, word.text, &PrintWord::name);
    const bool possible = found != print_words.end() && positional &&
                          argument.substitution == nullptr &&
                          (found->record || menu.kind != MenuKind::single) &&
                          (found->style != Style::stats || has_counters(menu));
    if (!possible) {
        return unexpected_argument(menu, argument);
    }
    if (found->name.starts_with("follow")) {
        if (menu.kind != MenuKind::connections) {
            return fail(fmt::format("print {} is only possible in {} and {}", found->name,
                                    menu_connection4, menu_connection6),
                        word.position);
        }
        options.follow = true;
        options.listed = found->name == "follow";
    }
    options.dynamic_only = options.dynamic_only || found->name == "dynamic";
    // A count is a count in whatever style.
    if (found->style != Style::menu && options.style != Style::count) {
        options.style = found->style;
    }
    return {};
}

} // namespace

Result<PrintOptions> read_print_options(const Context &context)
{
    PrintOptions options;
    for (const Argument &argument : context.command.arguments) {
        if (auto read = read_option(context, argument, options); !read) {
            return std::unexpected(std::move(read.error()));
        }
    }
    if (options.follow && (options.repeat != Duration{} || options.style == Style::count ||
                           options.style == Style::as_value)) {
        return fail("follow goes with a listing, not with interval, count-only or as-value",
                    context.command.verb.position);
    }
    if (context.session.json && options.style != Style::count) {
        options.style = Style::json;
    }
    if (auto checked = check_condition(context.menu, context.command.where); !checked) {
        return std::unexpected(std::move(checked.error()));
    }
    return options;
}

std::vector<std::uint32_t> &fresh_numbers(Context &context)
{
    auto &numbers = context.session.numbers[std::string(context.menu.path)];
    numbers.clear();
    return numbers;
}

Surroundings surroundings(const Context &context)
{
    return {context.config, context.environment, context.runtime,
            tracking_active(context.config, context.environment)};
}

Result<void> run_print(Context &context)
{
    if (context.menu.kind == MenuKind::connections) {
        return print_connections(context);
    }
    const auto options = read_print_options(context);
    if (!options) {
        return std::unexpected(options.error());
    }
    const VisibleItems visible(context.menu, context.config);
    const Surroundings around = surroundings(context);
    std::vector<ItemRow> rows;
    for (const Item &item : visible.get()) {
        const ItemRow row(context.menu, item, around);
        const bool listed = options->chain.empty() || rule_text(item, "chain") == options->chain;
        if (listed && !options->dynamic_only && row.matches(context.command.where)) {
            rows.push_back(row);
        }
    }
    Output output(context.sink);
    const auto listing = make_listing(context.menu, options->style, context.session.width, output);
    if (listing->measures()) {
        std::ranges::for_each(rows, [&](const Row &row) { listing->measure(row); });
    }
    if (options->style != Style::count) {
        auto &numbers = fresh_numbers(context);
        std::ranges::transform(rows, std::back_inserter(numbers), &Row::id);
    }
    std::ranges::for_each(rows, [&](const Row &row) { listing->row(row); });
    listing->end();
    output.flush();
    context.repeat = options->repeat;
    return {};
}

} // namespace tg
