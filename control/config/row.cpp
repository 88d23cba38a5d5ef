// SPDX-License-Identifier: Apache-2.0
#include "control/config/row.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "control/config/validate.h"

namespace tg {
namespace {

constexpr std::array<std::string_view, 2> counter_names{"bytes", "packets"};
constexpr std::string_view id_name = ".id";

Json to_json(const Value &value)
{
    if (const auto *flag = std::get_if<bool>(&value.data)) {
        return *flag;
    }
    if (const auto *number = std::get_if<std::int64_t>(&value.data)) {
        return *number;
    }
    return to_string(value);
}

bool is_counter(const Menu &menu, std::string_view name)
{
    return menu.kind == MenuKind::rules &&
           std::ranges::find(counter_names, name) != counter_names.end();
}

bool is_flag(const Menu &menu, std::string_view name)
{
    return std::ranges::find(menu.flags, name, &Flag::name) != menu.flags.end();
}

bool is_known(const Menu &menu, std::string_view name)
{
    if (menu.kind == MenuKind::connections) {
        static const Connection any;
        return ConnectionRow(any, Marks()).operand(name).has_value();
    }
    return name == id_name || is_flag(menu, name) || is_counter(menu, name) ||
           menu.property(name) != nullptr;
}

} // namespace

bool Row::flag(std::string_view name) const
{
    const auto value = operand(name);
    const bool *flag = value ? std::get_if<bool>(&*value) : nullptr;
    return flag != nullptr && *flag;
}

bool Row::matches(const std::optional<Condition> &condition) const
{
    return !condition ||
           condition->matches([this](std::string_view name) { return operand(name); });
}

bool ItemRow::invalid() const
{
    if (item_.disabled()) {
        return false; // nobody asks what it would do
    }
    return menu_.kind == MenuKind::fixed
               ? !around_.tracking
               : !rule_is_valid(around_.config, around_.environment, menu_.path, item_);
}

std::optional<Value> ItemRow::shown(const Property &property) const
{
    if (const Value *value = item_.get(property.name)) {
        return *value;
    }
    const bool always = property.has(trait_always) && !property.fallback.empty();
    return always ? std::optional{default_value(property, menu_.family)} : std::nullopt;
}

std::optional<Operand> ItemRow::operand(std::string_view name) const
{
    if (name == id_name) {
        return print_id(item_.id);
    }
    if (is_counter(menu_, name)) {
        const tg_counter counter = around_.runtime.rule_counter(item_.counter);
        return static_cast<std::int64_t>(name == "bytes" ? counter.bytes : counter.packets);
    }
    if (const Property *property = menu_.property(name)) {
        if (const Value *value = item_.get(property->name)) {
            return to_operand(*value);
        }
        return property->fallback.empty() ? Operand{}
                                          : to_operand(default_value(*property, menu_.family));
    }
    if (!is_flag(menu_, name)) {
        return std::nullopt;
    }
    if (name == "disabled") { // of a record that says enabled= instead
        return item_.value_or("enabled", std::string()) == "no";
    }
    return name == "invalid" && invalid();
}

Fields ItemRow::fields() const
{
    Fields fields;
    for (const Property *property : menu_.properties) {
        if (property->has(trait_hidden)) {
            continue;
        }
        if (const auto value = shown(*property)) {
            fields.emplace_back(property->name, to_string(*value));
        }
    }
    return fields;
}

Fields ItemRow::values() const
{
    Fields values;
    if (menu_.kind != MenuKind::single) {
        values.emplace_back(id_name, print_id(item_.id));
    }
    for (const Property *property : menu_.properties) {
        if (const auto value = shown(*property)) {
            values.emplace_back(property->name, to_script(to_operand(*value)));
        }
    }
    for (const Flag &each : menu_.flags) {
        if (menu_.property(each.name) == nullptr) {
            values.emplace_back(each.name, to_script(flag(each.name)));
        }
    }
    return values;
}

Json ItemRow::json() const
{
    Json object = Json::object();
    if (menu_.kind != MenuKind::single) {
        object[std::string(id_name)] = print_id(item_.id);
    }
    for (const Property *property : menu_.properties) {
        if (const auto value = shown(*property)) {
            object[std::string(property->name)] = to_json(*value);
        } else if (menu_.kind == MenuKind::single) { // a program is told every setting
            object[std::string(property->name)] = to_json(default_value(*property, menu_.family));
        }
    }
    if (menu_.kind == MenuKind::single) {
        return object;
    }
    for (const Flag &each : menu_.flags) {
        object[std::string(each.name)] = flag(each.name);
    }
    if (menu_.kind == MenuKind::rules) {
        const tg_counter counter = around_.runtime.rule_counter(item_.counter);
        object["packets"] = counter.packets;
        object["bytes"] = counter.bytes;
    }
    return object;
}

std::string print_id(std::uint32_t id)
{
    return fmt::format("*{:X}", id);
}

std::string to_string(const Operand &operand)
{
    if (const auto *flag = std::get_if<bool>(&operand)) {
        return *flag ? "yes" : "no";
    }
    if (const auto *number = std::get_if<std::int64_t>(&operand)) {
        return fmt::format("{}", *number);
    }
    if (const auto *time = std::get_if<Duration>(&operand)) {
        return to_string(*time);
    }
    if (const auto *rate = std::get_if<BitRate>(&operand)) {
        return print_rate(rate->bits);
    }
    if (const auto *word = std::get_if<NamedTwice>(&operand)) {
        return word->text;
    }
    const auto *text = std::get_if<std::string>(&operand);
    return text == nullptr ? std::string() : *text;
}

std::string to_script(const Operand &operand)
{
    if (const auto *flag = std::get_if<bool>(&operand)) {
        return *flag ? "true" : "false";
    }
    if (const auto *time = std::get_if<Duration>(&operand)) {
        return print_clock(*time);
    }
    if (const auto *rate = std::get_if<BitRate>(&operand)) {
        return fmt::format("{}", rate->bits);
    }
    return to_string(operand);
}

Json to_json(const Operand &operand)
{
    if (const auto *flag = std::get_if<bool>(&operand)) {
        return *flag;
    }
    if (const auto *number = std::get_if<std::int64_t>(&operand)) {
        return *number;
    }
    if (const auto *time = std::get_if<Duration>(&operand)) {
        return std::chrono::floor<std::chrono::seconds>(*time).count();
    }
    if (const auto *rate = std::get_if<BitRate>(&operand)) {
        return rate->bits;
    }
    return to_string(operand);
}

Result<void> check_property(const Menu &menu, std::string_view name, const Position &position)
{
    return is_known(menu, name)
               ? Result<void>{}
               : fail(fmt::format("expected a property of {}, not {}", menu.path, name), position);
}

Result<void> check_condition(const Menu &menu, const std::optional<Condition> &condition)
{
    if (!condition) {
        return {};
    }
    for (const auto &[name, position] : condition->properties()) {
        if (auto checked = check_property(menu, name, position); !checked) {
            return checked;
        }
    }
    return {};
}

} // namespace tg
