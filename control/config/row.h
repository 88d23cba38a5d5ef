// SPDX-License-Identifier: Apache-2.0
// One line of a listing: a configured item or a connection, as conditions, text and JSON see it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "control/command/condition.h"
#include "control/config/menu.h"
#include "control/config/runtime.h"

namespace tg {

using Json = nlohmann::ordered_json;

// Names with their printed values, in print order.
using Fields = std::vector<std::pair<std::string_view, std::string>>;

class Row {
public:
    virtual ~Row() = default;
    [[nodiscard]] virtual std::uint32_t id() const = 0;
    // What a flag, a property or a counter is worth; nullopt if the menu has no such thing.
    [[nodiscard]] virtual std::optional<Operand> operand(std::string_view name) const = 0;
    // What the detail form shows, the comment left out.
    [[nodiscard]] virtual Fields fields() const = 0;
    // Everything the row has, as scripts see it.
    [[nodiscard]] virtual Fields values() const = 0;
    [[nodiscard]] virtual std::string comment() const = 0;
    [[nodiscard]] virtual Json json() const = 0;

    [[nodiscard]] bool flag(std::string_view name) const;
    [[nodiscard]] bool matches(const std::optional<Condition> &condition) const;
};

// What an item is judged and counted by.
struct Surroundings {
    const Config &config;
    const Environment &environment;
    const Runtime &runtime;
    bool tracking = false; // tracking_active(config, environment)
};

class ItemRow final : public Row {
public:
    // All of them must outlive it.
    ItemRow(const Menu &menu, const Item &item, const Surroundings &around)
        : menu_(menu), item_(item), around_(around)
    {
    }
    [[nodiscard]] std::uint32_t id() const override
    {
        return item_.id;
    }
    [[nodiscard]] std::optional<Operand> operand(std::string_view name) const override;
    [[nodiscard]] Fields fields() const override;
    [[nodiscard]] Fields values() const override;
    [[nodiscard]] std::string comment() const override
    {
        return item_.value_or("comment", std::string());
    }
    [[nodiscard]] Json json() const override;

private:
    [[nodiscard]] bool invalid() const;
    // The value, or the default of a property that always shows.
    [[nodiscard]] std::optional<Value> shown(const Property &property) const;

    const Menu &menu_;
    const Item &item_;
    const Surroundings &around_;
};

class ConnectionRow final : public Row {
public:
    // Both must outlive the row.
    ConnectionRow(const Connection &connection, const Marks &marks)
        : connection_(connection), marks_(marks)
    {
    }
    [[nodiscard]] std::uint32_t id() const override;
    [[nodiscard]] std::optional<Operand> operand(std::string_view name) const override;
    [[nodiscard]] Fields fields() const override;
    [[nodiscard]] Fields values() const override;
    [[nodiscard]] std::string comment() const override
    {
        return {};
    }
    [[nodiscard]] Json json() const override;

private:
    const Connection &connection_;
    const Marks &marks_;
};

// "*1A"
std::string print_id(std::uint32_t id);

// An operand as text; counts without blanks.
std::string to_string(const Operand &operand);
// The same as scripts see it: true and false, times as a clock shows them, rates in bits.
std::string to_script(const Operand &operand);
Json to_json(const Operand &operand);

// Error, with its place, if no row of the menu has such a property.
Result<void> check_property(const Menu &menu, std::string_view name, const Position &position);
// Error, with its place, if the condition names what no row of the menu has.
Result<void> check_condition(const Menu &menu, const std::optional<Condition> &condition);

} // namespace tg
