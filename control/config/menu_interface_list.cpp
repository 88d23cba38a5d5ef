// SPDX-License-Identifier: Apache-2.0
// Interface lists and their members.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "control/base/limits.h"
#include "control/config/menu.h"
#include "control/config/validate.h"
#include "tidegate/limits.h"

namespace tg {
namespace {

constexpr std::array list_rows{
    Property{.name = "name",
             .parse = parse_name,
             .help = "what rules and members call it",
             .traits = trait_required | trait_always,
             .high = limit_list_name},
};

constexpr std::array member_rows{
    Property{.name = "list",
             .parse = parse_name,
             .help = "the list it belongs to",
             .traits = trait_required | trait_always,
             .high = limit_list_name,
             .reference = Reference::interface_list},
    Property{.name = "interface",
             .parse = parse_name,
             .help = "the interface",
             .traits = trait_required | trait_always,
             .high = limit_interface_name,
             .reference = Reference::interface},
};

constexpr std::array<std::string_view, 2> list_missing{"exclude", "include"};

constexpr std::array<std::string_view, 8> list_verbs{"add",   "set",  "remove", "comment",
                                                     "print", "find", "get",    "export"};
constexpr std::array<std::string_view, 10> member_verbs{
    "add", "set", "remove", "enable", "disable", "comment", "print", "find", "get", "export"};
constexpr std::array member_flags{Flag{'X', "disabled", 0}, Flag{'I', "invalid", 0}};

Result<void> check_list(const Menu &menu, const Edited &edited)
{
    const std::string name = edited.item.value_or("name", std::string());
    const auto &lists = edited.config.items(menu.path);
    const bool taken = std::ranges::any_of(lists, [&](const Item &other) {
        return other.id != edited.item.id && other.value_or("name", std::string()) == name;
    });
    if (taken || is_builtin_interface_list(name)) {
        return fail(fmt::format("already have interface list with such name: {}", name),
                    edited.value_position("name"));
    }
    const bool is_new = std::ranges::find(lists, edited.item.id, &Item::id) == lists.end();
    if (is_new && lists.size() >= TG_LIMIT_INTERFACE_LISTS) {
        return fail(fmt::format("expected at most {} interface lists", TG_LIMIT_INTERFACE_LISTS),
                    edited.command);
    }
    return {};
}

Result<void> check_member(const Menu &menu, const Edited &edited)
{
    const std::string list = edited.item.value_or("list", std::string());
    if (is_builtin_interface_list(list)) {
        return fail(fmt::format("interface list {} is built in: it has no members to add", list),
                    edited.value_position("list"));
    }
    const bool taken = std::ranges::any_of(edited.config.items(menu.path), [&](const Item &other) {
        return other.id != edited.item.id && other.value_or("list", std::string()) == list &&
               other.value_or("interface", std::string()) ==
                   edited.item.value_or("interface", std::string());
    });
    if (taken) {
        return fail("already have such entry: the interface is a member of the list",
                    edited.value_position("interface"));
    }
    return {};
}

} // namespace

Menu make_interface_list_menu()
{
    Menu menu{
        .path = menu_interface_list,
        .kind = MenuKind::list,
        .properties = rows_of(list_rows),
        .verbs = list_verbs,
        .columns = {"name"},
        .key = "name",
        .missing_properties = list_missing,
        .check = check_list,
    };
    menu.properties.push_back(&property_comment);
    return menu;
}

Menu make_interface_member_menu()
{
    Menu menu{
        .path = menu_interface_member,
        .kind = MenuKind::list,
        .properties = rows_of(member_rows),
        .verbs = member_verbs,
        .flags = member_flags,
        .columns = {"list", "interface"},
        .check = check_member,
    };
    menu.properties.push_back(&property_comment);
    menu.properties.push_back(&property_disabled);
    return menu;
}

} // namespace tg
