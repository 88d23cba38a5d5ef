// SPDX-License-Identifier: Apache-2.0
#include "control/config/select.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace tg {
namespace {

std::optional<std::uint32_t> read_whole(std::string_view text, int base)
{
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    return whole ? std::optional{number} : std::nullopt;
}

std::unexpected<Error> no_such_item(std::string_view text, const Position &position)
{
    return fail(fmt::format("no such item: {}", text), position);
}

// A print that nobody saw gives numbers too.
void number_implicitly(Context &context, const std::vector<Item> &items)
{
    const auto [found, is_new] =
        context.session.numbers.try_emplace(std::string(context.menu.path));
    if (is_new) {
        for (const Item &item : items) {
            found->second.push_back(item.id);
        }
    }
}

std::optional<std::uint32_t> id_of_name(const Menu &menu, const std::vector<Item> &items,
                                        std::string_view name)
{
    const auto found = std::ranges::find_if(
        items, [&](const Item &item) { return item.value_or(menu.key, std::string()) == name; });
    return menu.key.empty() || found == items.end() ? std::nullopt : std::optional{found->id};
}

Result<std::uint32_t> read_item(Context &context, const std::vector<Item> &items,
                                std::string_view text, const Position &position)
{
    if (const auto id = id_of_name(context.menu, items, text)) {
        return *id;
    }
    const auto id = read_id(context, text, position);
    if (!id) {
        return id;
    }
    if (std::ranges::find(items, *id, &Item::id) == items.end()) {
        return no_such_item(text, position);
    }
    return id;
}

Result<std::vector<std::uint32_t>>
find_items(const Context &context, const std::vector<Item> &items, const Argument &argument)
{
    if (auto checked = check_find(context.menu, argument); !checked) {
        return std::unexpected(std::move(checked.error()));
    }
    const Surroundings around = surroundings(context);
    std::vector<std::uint32_t> ids;
    for (const Item &item : items) {
        if (ItemRow(context.menu, item, around).matches(argument.substitution->where)) {
            ids.push_back(item.id);
        }
    }
    return ids;
}

} // namespace

Result<std::uint32_t> read_id(const Context &context, std::string_view text,
                              const Position &position)
{
    if (text.starts_with('*')) {
        const auto id = read_whole(text.substr(1), 16);
        return id ? Result<std::uint32_t>(*id) : no_such_item(text, position);
    }
    const auto number = read_whole(text, 10);
    const auto numbers = context.session.numbers.find(context.menu.path);
    if (!number || numbers == context.session.numbers.end() || *number >= numbers->second.size()) {
        return no_such_item(text, position);
    }
    return numbers->second[*number];
}

Result<void> check_find(const Menu &menu, const Argument &argument)
{
    const Command &find = *argument.substitution;
    if (find.verb.text != "find" || find.menu != menu.path) {
        return fail(fmt::format("expected [find …] in {}", menu.path), find.verb.position);
    }
    return check_condition(menu, find.where);
}

Result<std::vector<std::uint32_t>> select_items(Context &context, const Argument &argument)
{
    const VisibleItems visible(context.menu, context.config);
    const std::vector<Item> &items = visible.get();
    if (argument.substitution != nullptr) {
        return find_items(context, items, argument);
    }
    number_implicitly(context, items);
    std::vector<std::uint32_t> ids;
    const std::string_view text = argument.value.text;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find(',', start), text.size());
        Position position = argument.value.position;
        position.column += static_cast<unsigned>(start + (argument.value.quoted ? 1 : 0));
        const auto id = read_item(context, items, text.substr(start, end - start), position);
        if (!id) {
            return std::unexpected(id.error());
        }
        if (std::ranges::find(ids, *id) == ids.end()) {
            ids.push_back(*id);
        }
        start = end + 1;
    }
    return ids;
}

const Argument *find_selection(const Command &command)
{
    const auto names_items = [](const Argument &argument) {
        return argument.name.text.empty() || argument.name.text == "numbers";
    };
    const auto found = std::ranges::find_if(command.arguments, names_items);
    return found == command.arguments.end() ? nullptr : &*found;
}

Result<std::vector<std::uint32_t>> select_numbers(Context &context)
{
    const Argument *selection = find_selection(context.command);
    if (selection == nullptr) {
        return fail("missing value(s) of argument(s) numbers", context.command.verb.position);
    }
    return select_items(context, *selection);
}

} // namespace tg
