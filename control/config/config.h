// SPDX-License-Identifier: Apache-2.0
// The configuration: an immutable value that every change replaces as a whole.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "control/config/marks.h"
#include "control/config/value.h"

namespace tg {

// One rule, list, member or settings record. Only what was set is in `properties` (comment and
// disabled included); defaults are the menu's business.
struct Item {
    std::uint32_t id = 0;      // printed as "*" + hex; never given out twice by an instance
    std::uint32_t counter = 0; // rules only: the datapath's rule id, index of its counters
    std::map<std::string, Value, std::less<>> properties;

    // nullptr if it was not set.
    [[nodiscard]] const Value *get(std::string_view property) const
    {
        const auto found = properties.find(property);
        return found == properties.end() ? nullptr : &found->second;
    }
    // T's value, or `otherwise` if it was not set (or is of another type: a programmer's error).
    template <class T> [[nodiscard]] T value_or(std::string_view property, const T &otherwise) const
    {
        const Value *value = get(property);
        const T *data = value == nullptr ? nullptr : std::get_if<T>(&value->data);
        return data == nullptr ? otherwise : *data;
    }
    [[nodiscard]] bool disabled() const
    {
        return value_or("disabled", false);
    }
    friend bool operator==(const Item &, const Item &) = default;
};

struct Config {
    // By canonical menu path ("/ip firewall filter"); the order of items is the rules' order.
    // Menus with one fixed record (connection tracking) hold at most one item; absent = defaults.
    std::map<std::string, std::vector<Item>, std::less<>> menus;
    std::uint32_t next_id = 1;
    // Counters of rules that the last commit removed: free again after the next one.
    std::vector<std::uint32_t> cooling;
    // Those that rules name, and those that connections may still carry.
    Marks marks;

    [[nodiscard]] const std::vector<Item> &items(std::string_view menu) const
    {
        static const std::vector<Item> none;
        const auto found = menus.find(menu);
        return found == menus.end() ? none : found->second;
    }
    friend bool operator==(const Config &, const Config &) = default;
};

// Menu paths, one spelling for all.
inline constexpr std::string_view menu_filter4 = "/ip firewall filter";
inline constexpr std::string_view menu_filter6 = "/ipv6 firewall filter";
inline constexpr std::string_view menu_raw4 = "/ip firewall raw";
inline constexpr std::string_view menu_raw6 = "/ipv6 firewall raw";
inline constexpr std::string_view menu_mangle4 = "/ip firewall mangle";
inline constexpr std::string_view menu_mangle6 = "/ipv6 firewall mangle";
inline constexpr std::string_view menu_nat4 = "/ip firewall nat";
inline constexpr std::string_view menu_nat6 = "/ipv6 firewall nat";
// Those whose items are rules with counters.
inline constexpr std::array rule_menus{
    menu_filter4, menu_mangle4, menu_nat4, menu_raw4,
    menu_filter6, menu_mangle6, menu_nat6, menu_raw6,
};
inline constexpr std::string_view menu_connection4 = "/ip firewall connection";
inline constexpr std::string_view menu_connection6 = "/ipv6 firewall connection";
inline constexpr std::string_view menu_tracking = "/ip firewall connection tracking";
inline constexpr std::string_view menu_service_port = "/ip firewall service-port";
inline constexpr std::string_view menu_interface_list = "/interface list";
inline constexpr std::string_view menu_interface_member = "/interface list member";
inline constexpr std::string_view menu_settings4 = "/ip settings";
inline constexpr std::string_view menu_settings6 = "/ipv6 settings";

} // namespace tg
