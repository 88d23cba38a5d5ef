// SPDX-License-Identifier: Apache-2.0
// One row per property of a menu. Parsing, printing, exporting, help and JSON iterate over rows;
// adding a property is adding a row.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "control/base/error.h"
#include "control/base/net.h"
#include "control/command/command.h"
#include "control/command/condition.h"
#include "control/config/value.h"

namespace tg {

using ValueData = decltype(Value::data);

struct Property;

// Text to data. Error: what was expected; the caller knows where.
using ValueParser = Result<ValueData> (*)(std::string_view text, const Property &property,
                                          Family family);

// What the name in a property's value refers to.
enum class Reference : std::uint8_t {
    none,
    interface,
    interface_list,
    chain, // of the same menu
    mark,  // which exists by being named
    table, // of the host's routing tables, or the number of a mark
};

// Where a rule's property makes sense: the sides of a packet's way on which it can be known.
enum class Side : std::uint8_t {
    both,
    in,  // the interface it came in by: not for packets of the router itself
    out, // the interface it leaves by: not before the route is known, not for the router
};

// Which rule tables have the property; menus of other kinds do not ask.
inline constexpr unsigned table_filter = 1;
inline constexpr unsigned table_raw = 2;
inline constexpr unsigned table_nat = 4;
inline constexpr unsigned table_mangle = 8;
inline constexpr unsigned table_all = table_filter | table_raw | table_nat | table_mangle;

// Which families have the property.
inline constexpr unsigned family_ipv4 = 1;
inline constexpr unsigned family_ipv6 = 2;
inline constexpr unsigned family_both = family_ipv4 | family_ipv6;
constexpr unsigned family_bit(Family family)
{
    return family == Family::ipv4 ? family_ipv4 : family_ipv6;
}

// How a row behaves; a sum of these.
inline constexpr unsigned trait_negatable = 1; // takes a leading "!"
inline constexpr unsigned trait_required = 2;  // add needs it, it cannot be unset
inline constexpr unsigned trait_always = 4;    // shown even if it has its default
inline constexpr unsigned trait_fixed = 8;     // names a fixed item: shown, never set
inline constexpr unsigned trait_hidden = 16;   // shown in its own way: comment, disabled
inline constexpr unsigned trait_ports = 32;    // needs a protocol with ports
inline constexpr unsigned trait_tcp = 64;      // needs protocol=tcp

struct Property {
    std::string_view name;
    ValueParser parse = nullptr;
    std::string_view help;
    std::string_view fallback; // text of the default; empty: there is none
    unsigned traits = 0;
    unsigned tables = table_all;
    unsigned families = family_both;
    std::span<const std::string_view> words; // values of an enumeration
    std::int64_t low = 0;                    // bounds of numbers (seconds for times)
    std::int64_t high = 0;                   // … and the length of texts and lists
    Reference reference = Reference::none;
    Side side = Side::both;
    std::span<const std::string_view> actions; // only with one of these; empty: with any
    std::string_view alias;                    // another name it is known by when read

    [[nodiscard]] constexpr bool has(unsigned trait) const
    {
        return (traits & trait) != 0;
    }
    [[nodiscard]] constexpr bool fits(std::string_view action) const
    {
        return actions.empty() || std::ranges::find(actions, action) != actions.end();
    }
};

Result<ValueData> parse_flag(std::string_view text, const Property &, Family);
Result<ValueData> parse_number(std::string_view text, const Property &property, Family);
Result<ValueData> parse_time(std::string_view text, const Property &property, Family);
Result<ValueData> parse_word(std::string_view text, const Property &property, Family);
Result<ValueData> parse_text(std::string_view text, const Property &property, Family);
Result<ValueData> parse_name(std::string_view text, const Property &property, Family);
Result<ValueData> parse_label(std::string_view text, const Property &property, Family);
// The same, but not beginning with "!", which would ask for all other marks.
Result<ValueData> parse_mark(std::string_view text, const Property &property, Family);
Result<ValueData> parse_range(std::string_view text, const Property &, Family family);
// The same, but for the unspecified address: one that a packet can be given.
Result<ValueData> parse_new_addresses(std::string_view text, const Property &, Family family);
Result<ValueData> parse_port_ranges(std::string_view text, const Property &, Family);
// A port or a range of them, without 0: what a packet can be given.
Result<ValueData> parse_new_ports(std::string_view text, const Property &, Family);
Result<ValueData> parse_single_ports(std::string_view text, const Property &property, Family);
Result<ValueData> parse_protocol_value(std::string_view text, const Property &, Family);
Result<ValueData> parse_states(std::string_view text, const Property &, Family);
Result<ValueData> parse_nat_states(std::string_view text, const Property &, Family);
// The same with those of mappings.
Result<ValueData> parse_mapped_nat_states(std::string_view text, const Property &, Family);

// The whole value with its negation; errors are worded as the console does and have the place.
Result<Value> parse_value(const Word &word, const Property &property, Family family);

// As the console shows it, without quotes.
std::string to_string(const Value &value);

// What it is worth in a condition.
Operand to_operand(const Value &value);

// The default of a property that has one.
Value default_value(const Property &property, Family family);

} // namespace tg
