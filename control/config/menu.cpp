// SPDX-License-Identifier: Apache-2.0
#include "control/config/menu.h"

#include <algorithm>
#include <array>

#include "control/base/limits.h"

namespace tg {

const Property property_comment{
    .name = "comment",
    .parse = parse_text,
    .help = "what the item is for; printed on its own line",
    .traits = trait_hidden,
    .high = limit_comment,
};

const Property property_disabled{
    .name = "disabled",
    .parse = parse_flag,
    .help = "keep the item, but without any effect",
    .fallback = "no",
    .traits = trait_hidden,
};

const Argument *Edited::argument(std::string_view property) const
{
    const auto found = std::ranges::find(written, property, &decltype(written)::value_type::first);
    return found == written.end() ? nullptr : found->second;
}

Position Edited::position(std::string_view property) const
{
    const Argument *where = argument(property);
    return where == nullptr ? command : where->name.position;
}

Position Edited::value_position(std::string_view property) const
{
    const Argument *where = argument(property);
    return where == nullptr ? command : where->value.position;
}

const Property *Menu::property(std::string_view name) const
{
    const auto found = std::ranges::find_if(properties, [name](const Property *property) {
        return property->name == name || (!name.empty() && property->alias == name);
    });
    return found == properties.end() ? nullptr : *found;
}

bool Menu::has_verb(std::string_view verb) const
{
    return std::ranges::find(verbs, verb) != verbs.end();
}

std::span<const Menu> all_menus()
{
    static const std::array menus{
        make_interface_list_menu(),
        make_interface_member_menu(),
        make_tracking_menu(),
        make_settings_menu(menu_settings4, Family::ipv4),
        make_rule_menu(menu_filter4, Family::ipv4, table_filter),
        make_rule_menu(menu_mangle4, Family::ipv4, table_mangle),
        make_rule_menu(menu_nat4, Family::ipv4, table_nat),
        make_rule_menu(menu_raw4, Family::ipv4, table_raw),
        make_service_port_menu(),
        make_connection_menu(menu_connection4, Family::ipv4),
        make_settings_menu(menu_settings6, Family::ipv6),
        make_rule_menu(menu_filter6, Family::ipv6, table_filter),
        make_rule_menu(menu_mangle6, Family::ipv6, table_mangle),
        make_rule_menu(menu_nat6, Family::ipv6, table_nat),
        make_rule_menu(menu_raw6, Family::ipv6, table_raw),
        make_connection_menu(menu_connection6, Family::ipv6),
    };
    return menus;
}

const Menu *find_menu(std::string_view path)
{
    const auto menus = all_menus();
    const auto found = std::ranges::find(menus, path, &Menu::path);
    return found == menus.end() ? nullptr : &*found;
}

VisibleItems::VisibleItems(const Menu &menu, const Config &config)
    : items_(&config.items(menu.path))
{
    if (menu.kind == MenuKind::single && items_->empty()) {
        own_.resize(1);
        items_ = &own_;
    }
    if (menu.kind != MenuKind::fixed) {
        return;
    }
    own_.assign(menu.fixed.begin(), menu.fixed.end());
    for (Item &item : own_) {
        const auto changed = std::ranges::find(*items_, item.id, &Item::id);
        if (changed != items_->end()) {
            item = *changed;
        }
    }
    items_ = &own_;
}

std::vector<const Property *> rows_of(std::span<const Property> table)
{
    std::vector<const Property *> rows;
    for (const Property &row : table) {
        rows.push_back(&row);
    }
    return rows;
}

} // namespace tg
