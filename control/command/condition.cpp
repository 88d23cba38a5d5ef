// SPDX-License-Identifier: Apache-2.0
#include "control/command/condition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <compare>

#include <fmt/format.h>

#include "control/command/condition_node.h"

namespace tg {
namespace {

template <class... Functions> struct Overloaded : Functions... {
    using Functions::operator()...;
};

// "192.0.2.1" of "192.0.2.1:443", "2001:db8::1" of "[2001:db8::1]:443", else the text.
std::string_view without_port(std::string_view text)
{
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        return end == std::string_view::npos ? text : text.substr(1, end - 1);
    }
    const auto colon = text.find(':');
    return colon == text.rfind(':') ? text.substr(0, colon) : text;
}

std::optional<Address> read_address(std::string_view text)
{
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        if (const auto address = parse_address(text, family)) {
            return *address;
        }
    }
    return std::nullopt;
}

std::optional<AddressRange> read_range(std::string_view text)
{
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        if (const auto range = parse_address_range(text, family)) {
            return *range;
        }
    }
    return std::nullopt;
}

// As a listing prints it.
std::string printed(const Operand &operand)
{
    return std::visit(Overloaded{[](std::monostate) { return std::string(); },
                                 [](bool value) { return std::string(value ? "yes" : "no"); },
                                 [](std::int64_t value) { return fmt::format("{}", value); },
                                 [](Duration value) { return to_string(value); },
                                 [](const std::string &value) { return value; },
                                 [](BitRate value) { return print_rate(value.bits); },
                                 [](const NamedTwice &value) { return value.text; }},
                      operand);
}

bool is_true(const Operand &operand)
{
    return std::visit(Overloaded{[](std::monostate) { return false; },
                                 [](bool value) { return value; },
                                 [](std::int64_t value) { return value != 0; },
                                 [](Duration value) { return value != Duration{0}; },
                                 [](const std::string &value) {
                                     return !value.empty() && value != "no" && value != "false";
                                 },
                                 [](BitRate value) { return value.bits != 0; },
                                 [](const NamedTwice &value) { return !value.text.empty(); }},
                      operand);
}

// An address alone also equals that address with a port, which is how connections print it.
bool text_equals(const std::string &value, const Literal &literal)
{
    return value == literal.text ||
           (literal.address && read_address(without_port(value)) == literal.address);
}

bool equals(const Operand &operand, const Literal &literal)
{
    return std::visit(
        Overloaded{[&](std::monostate) { return literal.text.empty(); },
                   [&](bool value) { return literal.boolean == value; },
                   [&](std::int64_t value) { return literal.number == value; },
                   [&](Duration value) { return literal.time == value; },
                   [&](const std::string &value) { return text_equals(value, literal); },
                   [&](BitRate value) { return literal.rate == value; },
                   [&](const NamedTwice &value) {
                       return value.text == literal.text ||
                              (!value.also.empty() && value.also == literal.text);
                   }},
        operand);
}

template <class T> std::partial_ordering order(const T &value, const std::optional<T> &literal)
{
    return literal ? std::partial_ordering{value <=> *literal} : std::partial_ordering::unordered;
}

std::partial_ordering order(const Operand &operand, const Literal &literal)
{
    return std::visit(Overloaded{[](std::monostate) { return std::partial_ordering::unordered; },
                                 [](bool) { return std::partial_ordering::unordered; },
                                 [&](std::int64_t value) { return order(value, literal.number); },
                                 [&](Duration value) { return order(value, literal.time); },
                                 [&](const std::string &value) {
                                     const auto number =
                                         literal.number ? read_number(value) : std::nullopt;
                                     return number ? order(*number, literal.number)
                                                   : std::partial_ordering{value <=> literal.text};
                                 },
                                 [&](BitRate value) { return order(value, literal.rate); },
                                 [&](const NamedTwice &value) {
                                     return std::partial_ordering{value.text <=> literal.text};
                                 }},
                      operand);
}

// Every address of the operand, which may be a range itself, is one of the literal's.
bool is_within(const Operand &operand, const Literal &literal)
{
    const auto *text = std::get_if<std::string>(&operand);
    const auto own = text == nullptr ? std::nullopt : read_range(without_port(*text));
    const auto &range = literal.range;
    // IPv4 addresses are no part of ::/0, whatever their form in memory.
    return own && range && own->low.is_ipv4() == range->low.is_ipv4() && range->low <= own->low &&
           own->high <= range->high;
}

bool holds(const Condition::Node::Term &term, const Operand &operand)
{
    switch (term.comparison) {
    case Comparison::truth:
        return is_true(operand);
    case Comparison::equal:
        return equals(operand, term.literal);
    case Comparison::unequal:
        return !equals(operand, term.literal);
    case Comparison::less:
        return std::is_lt(order(operand, term.literal));
    case Comparison::greater:
        return std::is_gt(order(operand, term.literal));
    case Comparison::at_most:
        return std::is_lteq(order(operand, term.literal));
    case Comparison::at_least:
        return std::is_gteq(order(operand, term.literal));
    case Comparison::match:
        return RE2::PartialMatch(printed(operand), *term.literal.regex);
    case Comparison::within:
        return is_within(operand, term.literal);
    }
    return false;
}

bool holds(const Condition::Node &node, const RowView &row)
{
    return std::visit(
        Overloaded{
            [&](const Condition::Node::Term &term) {
                return holds(term, row(term.property).value_or(std::monostate{}));
            },
            [&](const Condition::Node::Not &negation) { return !holds(*negation.part, row); },
            [&](const Condition::Node::Group &group) {
                const auto part_holds = [&](const auto &part) { return holds(*part, row); };
                return group.any ? std::ranges::any_of(group.parts, part_holds)
                                 : std::ranges::all_of(group.parts, part_holds);
            }},
        node.content);
}

using Properties = std::vector<std::pair<std::string, Position>>;

void collect(const Condition::Node &node, Properties &properties)
{
    std::visit(Overloaded{[&](const Condition::Node::Term &term) {
                              properties.emplace_back(term.property, term.position);
                          },
                          [&](const Condition::Node::Not &negation) {
                              collect(*negation.part, properties);
                          },
                          [&](const Condition::Node::Group &group) {
                              for (const auto &part : group.parts) {
                                  collect(*part, properties);
                              }
                          }},
               node.content);
}

std::optional<std::string> required(const Condition::Node &node, std::string_view property)
{
    if (const auto *term = std::get_if<Condition::Node::Term>(&node.content)) {
        const bool equal = term->comparison == Comparison::equal && term->property == property;
        return equal ? std::optional{term->literal.text} : std::nullopt;
    }
    const auto *group = std::get_if<Condition::Node::Group>(&node.content);
    if (group != nullptr && !group->any) {
        for (const auto &part : group->parts) {
            if (auto value = required(*part, property)) {
                return value;
            }
        }
    }
    return std::nullopt;
}

std::optional<bool> read_boolean(std::string_view text)
{
    if (text == "yes" || text == "true") {
        return true;
    }
    return text == "no" || text == "false" ? std::optional{false} : std::nullopt;
}

} // namespace

std::optional<std::int64_t> read_number(std::string_view text)
{
    struct Suffix {
        char letter;
        std::int64_t factor;
    };
    constexpr std::array suffixes{Suffix{'k', 1000}, Suffix{'M', 1000000}, Suffix{'G', 1000000000}};
    std::int64_t factor = 1;
    for (const Suffix &suffix : suffixes) {
        if (text.ends_with(suffix.letter)) {
            factor = suffix.factor;
            text.remove_suffix(1);
            break;
        }
    }
    const bool hexadecimal = text.starts_with("0x");
    text.remove_prefix(hexadecimal ? 2 : 0);
    std::int64_t number = 0;
    const char *end = text.data() + text.size();
    const auto [stop, error] =
        std::from_chars(std::to_address(text.begin()), end, number, hexadecimal ? 16 : 10);
    std::int64_t product = 0;
    if (error != std::errc{} || stop != end || (hexadecimal && text.starts_with('-')) ||
        __builtin_mul_overflow(number, factor, &product)) {
        return std::nullopt;
    }
    return product;
}

std::optional<BitRate> read_rate(std::string_view text)
{
    if (text.ends_with("bps")) {
        text.remove_suffix(3);
    }
    const std::size_t point = text.find('.');
    if (point == std::string_view::npos) {
        const auto bits = read_number(text);
        return bits && *bits >= 0 ? std::optional(BitRate{static_cast<std::uint64_t>(*bits)})
                                  : std::nullopt;
    }
    // Tenths are what is printed: "12.3k" is 123 of "0.1k".
    const bool one_digit = text.size() == point + 3;
    const auto scaled =
        one_digit ? read_number(fmt::format("{}{}", text.substr(0, point), text.substr(point + 1)))
                  : std::nullopt;
    return scaled && *scaled >= 0 ? std::optional(BitRate{static_cast<std::uint64_t>(*scaled) / 10})
                                  : std::nullopt;
}

Literal read_literal(std::string text)
{
    Literal literal;
    literal.boolean = read_boolean(text);
    literal.number = read_number(text);
    if (const auto time = parse_duration(text)) {
        literal.time = *time;
    }
    literal.rate = read_rate(text);
    literal.address = read_address(text);
    literal.range = read_range(text);
    literal.text = std::move(text);
    return literal;
}

bool Condition::matches(const RowView &row) const
{
    return holds(*root_, row);
}

std::vector<std::pair<std::string, Position>> Condition::properties() const
{
    Properties properties;
    collect(*root_, properties);
    return properties;
}

std::optional<std::string> Condition::equals(std::string_view property) const
{
    return required(*root_, property);
}

} // namespace tg
