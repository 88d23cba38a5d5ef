// SPDX-License-Identifier: Apache-2.0
#include "control/config/validate.h"

#include <algorithm>
#include <array>
#include <string>

#include "control/config/chains.h"
#include "control/config/menu.h"

namespace tg {
namespace {

constexpr std::array<std::string_view, 4> builtin_lists{"all", "none", "dynamic", "static"};

std::string tracking_mode(const Config &config)
{
    const auto &record = config.items(menu_tracking);
    return record.empty() ? "yes" : record.front().value_or("enabled", std::string("yes"));
}

} // namespace

bool refers_to_something(const Config &config, const Environment &environment,
                         std::string_view menu, const Property &property, std::string_view name)
{
    switch (property.reference) {
    case Reference::interface:
        return environment.ifindex(name) != 0;
    case Reference::interface_list:
        return interface_list_exists(config, name);
    case Reference::chain:
        return chain_exists(config, menu, name);
    case Reference::table:
        return environment.routing_mark(name).has_value();
    case Reference::mark:
    case Reference::none:
        break;
    }
    return true;
}

namespace {

// Without the tracker the rule matches nothing.
bool lives_by_tracking(const Menu &menu, const Item &rule)
{
    constexpr std::array matchers{"connection-state", "connection-nat-state", "connection-mark",
                                  "connection-type"};
    return menu.table == "nat" || rule.value_or("action", std::string()) == "mark-connection" ||
           std::ranges::any_of(matchers,
                               [&](const char *name) { return rule.get(name) != nullptr; });
}

bool needs_tracking(const Menu &menu, const Item &rule)
{
    return lives_by_tracking(menu, rule) ||
           rule.value_or("action", std::string()) == "fasttrack-connection";
}

} // namespace

bool rule_is_valid(const Config &config, const Environment &environment, std::string_view menu,
                   const Item &item)
{
    const Menu *record = find_menu(menu);
    if (record == nullptr) {
        return false;
    }
    for (const Property *property : record->properties) {
        const Value *value =
            property->reference == Reference::none ? nullptr : item.get(property->name);
        if (value != nullptr && !refers_to_something(config, environment, menu, *property,
                                                     rule_text(item, property->name))) {
            return false;
        }
    }
    if (record->table == "nat" && never_works(item)) {
        return false;
    }
    return !lives_by_tracking(*record, item) || tracking_mode(config) != "no";
}

bool tracking_active(const Config &config, const Environment &environment)
{
    const std::string mode = tracking_mode(config);
    if (mode != "auto") {
        return mode == "yes";
    }
    return std::ranges::any_of(rule_menus, [&](std::string_view path) {
        const Menu &menu = *find_menu(path);
        const auto works = [&](const Item &rule) {
            return !rule.disabled() && rule_is_valid(config, environment, path, rule);
        };
        const auto reached = reached_chains(config, path, works);
        return std::ranges::any_of(config.items(path), [&](const Item &rule) {
            return needs_tracking(menu, rule) && reached.contains(rule_text(rule, "chain")) &&
                   works(rule);
        });
    });
}

bool rule_logs(const Item &rule)
{
    return rule.value_or("log", false) || rule_text(rule, "action") == "log";
}

bool is_builtin_interface_list(std::string_view name)
{
    return std::ranges::find(builtin_lists, name) != builtin_lists.end();
}

bool interface_list_exists(const Config &config, std::string_view name)
{
    return is_builtin_interface_list(name) ||
           std::ranges::any_of(config.items(menu_interface_list), [&](const Item &list) {
               return list.value_or("name", std::string()) == name;
           });
}

} // namespace tg
