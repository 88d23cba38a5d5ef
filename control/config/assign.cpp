// SPDX-License-Identifier: Apache-2.0
#include "control/config/assign.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "control/command/quote.h"
#include "control/config/validate.h"

namespace tg {
namespace {

// Number of single changes that lead from one name to the other.
std::size_t distance(std::string_view from, std::string_view to)
{
    std::vector<std::size_t> row(to.size() + 1);
    for (std::size_t column = 0; column < row.size(); ++column) {
        row[column] = column;
    }
    for (std::size_t line = 0; line < from.size(); ++line) {
        std::size_t diagonal = std::exchange(row[0], line + 1);
        for (std::size_t column = 0; column < to.size(); ++column) {
            const std::size_t replaced = diagonal + (from[line] == to[column] ? 0 : 1);
            diagonal = row[column + 1];
            row[column + 1] = std::min({replaced, diagonal + 1, row[column] + 1});
        }
    }
    return row.back();
}

// ": did you mean protocol?", or nothing if no name is near.
std::string suggestion(const Menu &menu, std::string_view name)
{
    constexpr std::size_t longest_name = 64; // of any property; longer words resemble none
    std::string_view best;
    std::size_t least = 3;
    for (const Property *property : menu.properties) {
        const std::size_t changes =
            name.size() > longest_name ? least : distance(name, property->name);
        if (changes < least) {
            least = changes;
            best = property->name;
        }
    }
    return best.empty() ? std::string() : fmt::format("; did you mean {}?", best);
}

std::unexpected<Error> not_built(std::string_view what, const Position &position)
{
    return fail(fmt::format("{} is not built yet", what), position);
}

bool contains(std::span<const std::string_view> names, std::string_view name)
{
    return std::ranges::find(names, name) != names.end();
}

bool is_empty(const Value &value)
{
    const auto *text = std::get_if<std::string>(&value.data);
    return text != nullptr && text->empty();
}

std::string_view reference_name(Reference reference)
{
    switch (reference) {
    case Reference::interface:
        return "interface";
    case Reference::table:
        return "routing table";
    default:
        return "interface list";
    }
}

Result<void> check_references(const Menu &menu, const Edited &edited)
{
    for (const auto &[name, argument] : edited.written) {
        const Property &property = *menu.property(name);
        const Value *value = edited.item.get(name);
        if (value == nullptr || property.reference == Reference::none ||
            property.reference == Reference::chain || // which may come later
            property.reference == Reference::mark) {
            continue;
        }
        const std::string target = edited.item.value_or(name, std::string());
        if (!refers_to_something(edited.config, edited.environment, menu.path, property, target)) {
            return fail(fmt::format("input does not match any value of {}: there is no {} {}", name,
                                    reference_name(property.reference), quote_if_needed(target)),
                        argument->value.position);
        }
    }
    return {};
}

} // namespace

Result<const Property *> find_property(const Menu &menu, const Word &name)
{
    if (const Property *exact = menu.property(name.text)) {
        return exact;
    }
    if (contains(menu.missing_properties, name.text)) {
        return not_built(name.text, name.position);
    }
    const Property *found = nullptr;
    for (const Property *property : menu.properties) {
        if (name.text.empty() || !property->name.starts_with(name.text)) {
            continue;
        }
        if (found != nullptr) {
            return fail(fmt::format("ambiguous property {}: expected {} or {}", name.text,
                                    found->name, property->name),
                        name.position);
        }
        found = property;
    }
    if (found == nullptr) {
        return fail(fmt::format("expected end of command: {} has no property {}{}", menu.path,
                                name.text, suggestion(menu, name.text)),
                    name.position);
    }
    return found;
}

Result<const Property *> assign(const Menu &menu, const Argument &argument, Item &item)
{
    if (argument.name.text.empty()) {
        return unexpected_argument(menu, argument);
    }
    const auto property = find_property(menu, argument.name);
    if (!property) {
        return property;
    }
    const std::string name((*property)->name);
    if ((*property)->has(trait_fixed)) {
        return fail(fmt::format("{} cannot be changed", name), argument.name.position);
    }
    if (argument.unset) {
        if ((*property)->has(trait_required)) {
            return fail(fmt::format("{} cannot be unset: every item needs it", name),
                        argument.name.position);
        }
        item.properties.erase(name);
        return property;
    }
    if (argument.substitution != nullptr) {
        return fail(
            fmt::format("invalid value for argument {}: expected a value, not a command", name),
            argument.value.position);
    }
    if (name == "action" && contains(menu.missing_actions, argument.value.text)) {
        return not_built("action=" + argument.value.text, argument.value.position);
    }
    auto value = parse_value(argument.value, **property, menu.family);
    if (!value) {
        return std::unexpected(std::move(value.error()));
    }
    const bool is_default =
        !(*property)->fallback.empty() && *value == default_value(**property, menu.family);
    if (is_default || is_empty(*value)) {
        item.properties.erase(name);
    } else {
        item.properties[name] = std::move(*value);
    }
    return property;
}

Result<void> check_item(const Menu &menu, const Edited &edited)
{
    for (const Property *property : menu.properties) {
        if (property->has(trait_required) && edited.item.get(property->name) == nullptr) {
            return fail(fmt::format("missing value(s) of argument(s) {}", property->name),
                        edited.command);
        }
    }
    if (menu.check != nullptr) {
        if (auto checked = menu.check(menu, edited); !checked) {
            return checked;
        }
    }
    return edited.strictness == Strictness::saved ? Result<void>{} : check_references(menu, edited);
}

std::unexpected<Error> unexpected_argument(const Menu &menu, const Argument &argument)
{
    const bool positional = argument.name.text.empty();
    const Word &word = positional ? argument.value : argument.name;
    const bool is_property = positional && menu.property(word.text) != nullptr;
    return fail(
        is_property
            ? fmt::format("expected end of command: {} needs a value, {}=…", word.text, word.text)
            : fmt::format("expected end of command, not {}", quote_if_needed(word.text)),
        word.position);
}

} // namespace tg
