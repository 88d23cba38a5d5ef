// SPDX-License-Identifier: Apache-2.0
// One record per menu: its properties, verbs, flags and fixed items. What a menu is, not how its
// verbs work.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/config/config.h"
#include "control/config/environment.h"
#include "control/config/execute.h"
#include "control/config/property.h"

namespace tg {

enum class MenuKind : std::uint8_t {
    rules,       // an ordered list of rules, with counters
    list,        // items that come and go
    fixed,       // items that are always there and can only be changed
    single,      // one record
    connections, // rows of the running datapath, never part of a Config
};

enum class Form : std::uint8_t {
    detail,  // number, flags, comment, then name=value wrapped at the session's width
    columns, // one line an item under a heading
    compact, // columns without alignment, as the specification shows service-port
    lines,   // "name: value" a line
    wrapped, // as detail, at a width of its own without indent, as the specification shows tracking
};

// Flags of one group share one column.
struct Flag {
    char letter;
    std::string_view name;
    unsigned group;
};

// A change of one item, to be judged as a whole.
struct Edited {
    const Config &config; // without the change
    const Environment &environment;
    const Item &item; // with the change
    Strictness strictness = Strictness::typed;
    Position command; // for what is missing
    // The properties the command names. Arguments live as long as the command.
    std::vector<std::pair<std::string_view, const Argument *>> written;

    [[nodiscard]] const Argument *argument(std::string_view property) const;
    // Where it was written, or the command.
    [[nodiscard]] Position position(std::string_view property) const;
    // Where its value was written, or the command.
    [[nodiscard]] Position value_position(std::string_view property) const;
};

struct Menu {
    std::string_view path;
    MenuKind kind = MenuKind::list;
    Family family = Family::ipv4;
    std::string_view table; // of rules: "filter", "mangle", "nat", "raw"
    std::vector<const Property *> properties;
    std::span<const std::string_view> verbs;
    std::span<const Flag> flags;
    Form form = Form::columns;
    std::vector<std::string_view> columns; // of the form with columns
    bool narrow_numbers = false; // columns of numbers are as narrow as these, their titles cut
    std::string_view key;        // the property whose value names an item
    std::span<const Item> fixed; // items of a fixed menu, as they come
    // Properties and actions of RouterOS that are known and not built yet.
    std::span<const std::string_view> missing_properties;
    std::span<const std::string_view> missing_actions;
    // What no single property can judge. nullptr: nothing.
    Result<void> (*check)(const Menu &menu, const Edited &edited) = nullptr;
    // What whoever adds such an item to `config`, or changes it there, is to know of it; empty:
    // nothing.
    std::string (*note)(const Config &config, const Menu &menu, const Item &item) = nullptr;

    // By its name or its alias. nullptr if the menu has no such property.
    [[nodiscard]] const Property *property(std::string_view name) const;
    [[nodiscard]] bool has_verb(std::string_view verb) const;
};

// All menus in the order of an export: what others refer to comes first.
std::span<const Menu> all_menus();

// nullptr: the path is no menu with items (an ancestor of one, or unknown).
const Menu *find_menu(std::string_view path);

// The items a listing shows: the configured ones; fixed ones and records as they are even if
// nothing was configured. The configuration must outlive it.
class VisibleItems {
public:
    VisibleItems(const Menu &menu, const Config &config);
    VisibleItems(const VisibleItems &) = delete;
    VisibleItems &operator=(const VisibleItems &) = delete;
    [[nodiscard]] const std::vector<Item> &get() const
    {
        return *items_;
    }

private:
    std::vector<Item> own_; // only of menus that show more than was configured
    const std::vector<Item> *items_;
};

// Each file of a menu makes its record, all_menus() calls it once.
Menu make_rule_menu(std::string_view path, Family family, unsigned table);
Menu make_connection_menu(std::string_view path, Family family);
Menu make_tracking_menu();
Menu make_service_port_menu();
Menu make_interface_list_menu();
Menu make_interface_member_menu();
Menu make_settings_menu(std::string_view path, Family family);

// Rows every list of items has.
extern const Property property_comment;
extern const Property property_disabled;

// Pointers to the rows of a table, in its order.
std::vector<const Property *> rows_of(std::span<const Property> table);

} // namespace tg
