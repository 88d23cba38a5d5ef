// SPDX-License-Identifier: Apache-2.0
#include "control/config/property.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tidegate/conn.h"
#include "tidegate/rule.h"

namespace tg {
namespace {

constexpr std::array state_names{
#define TG_X(name, text) std::string_view{text},
    TG_CONNECTION_STATES(TG_X)
#undef TG_X
};

std::optional<std::int64_t> whole_number(std::string_view text)
{
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    return whole ? std::optional{number} : std::nullopt;
}

// By bit number of TG_NAT_STATE_*.
constexpr std::array<std::string_view, 4> nat_state_names{"srcnat", "dstnat", "ein-snat",
                                                          "ein-dnat"};
static_assert(TG_NAT_STATE_SRCNAT == 1u << 0 && TG_NAT_STATE_DSTNAT == 1u << 1 &&
              TG_NAT_STATE_EIN_SNAT == 1u << 2 && TG_NAT_STATE_EIN_DNAT == 1u << 3);

// The names of the bits that are set.
std::string print_mask(std::span<const std::string_view> names, std::uint8_t mask)
{
    std::string text;
    for (unsigned bit = 0; bit < names.size(); ++bit) {
        if ((mask & 1u << bit) != 0) {
            text += text.empty() ? "" : ",";
            text += names[bit];
        }
    }
    return text;
}

// The bits of the names in a list.
Result<std::uint8_t> parse_mask(std::span<const std::string_view> names, std::string_view text)
{
    std::uint8_t mask = 0;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find(',', start), text.size());
        const auto found = std::ranges::find(names, text.substr(start, end - start));
        if (found == names.end()) {
            return fail(fmt::format("expected a list of {}", fmt::join(names, ", ")));
        }
        mask |= static_cast<std::uint8_t>(1u << (found - names.begin()));
        start = end + 1;
    }
    return mask;
}

// One print for each kind of data; value.h lists the kinds.
struct Printer {
    std::string operator()(bool value) const
    {
        return value ? "yes" : "no";
    }
    std::string operator()(std::int64_t value) const
    {
        return fmt::format("{}", value);
    }
    std::string operator()(Duration value) const
    {
        return tg::to_string(value);
    }
    std::string operator()(const std::string &value) const
    {
        return value;
    }
    std::string operator()(const AddressRange &value) const
    {
        return tg::to_string(value);
    }
    std::string operator()(const std::vector<PortRange> &value) const
    {
        return tg::to_string(value);
    }
    std::string operator()(Protocol value) const
    {
        return protocol_name(value.number);
    }
    std::string operator()(ConnectionStates value) const
    {
        return print_mask(state_names, value.mask);
    }
    std::string operator()(NatStates value) const
    {
        return print_mask(nat_state_names, value.mask);
    }
    std::string operator()(const std::vector<std::string> &value) const
    {
        return fmt::format("{}", fmt::join(value, ","));
    }
};

} // namespace

Result<ValueData> parse_flag(std::string_view text, const Property & /*property*/,
                             Family /*family*/)
{
    if (text != "yes" && text != "no") {
        return fail("expected yes or no");
    }
    return text == "yes";
}

Result<ValueData> parse_number(std::string_view text, const Property &property, Family /*family*/)
{
    const auto number = whole_number(text);
    if (!number || *number < property.low || *number > property.high) {
        return fail(fmt::format("expected a number {}..{}", property.low, property.high));
    }
    return *number;
}

Result<ValueData> parse_time(std::string_view text, const Property &property, Family /*family*/)
{
    const std::chrono::seconds low{property.low};
    const std::chrono::seconds high{property.high};
    const auto time = parse_duration(text);
    if (!time) {
        return std::unexpected(time.error());
    }
    if (*time < low || *time > high || *time % std::chrono::seconds{1} != Duration{0}) {
        return fail(fmt::format("expected a time {}..{} in whole seconds", to_string(low),
                                to_string(high)));
    }
    return *time;
}

Result<ValueData> parse_word(std::string_view text, const Property &property, Family /*family*/)
{
    if (std::ranges::find(property.words, text) == property.words.end()) {
        return fail(fmt::format("expected {}", fmt::join(property.words, ", ")));
    }
    return std::string(text);
}

Result<ValueData> parse_text(std::string_view text, const Property &property, Family /*family*/)
{
    if (text.size() > static_cast<std::size_t>(property.high)) {
        return fail(fmt::format("expected at most {} characters", property.high));
    }
    return std::string(text);
}

Result<ValueData> parse_name(std::string_view text, const Property &property, Family /*family*/)
{
    const auto bad = [](char character) {
        const auto byte = static_cast<unsigned char>(character);
        return byte <= 0x20 || byte == 0x7f || character == ',' || character == '/';
    };
    if (text.empty() || text.size() > static_cast<std::size_t>(property.high) ||
        std::ranges::any_of(text, bad)) {
        return fail(fmt::format("expected a name of 1..{} characters without blanks, \",\" and "
                                "\"/\"",
                                property.high));
    }
    return std::string(text);
}

Result<ValueData> parse_label(std::string_view text, const Property &property, Family /*family*/)
{
    const auto bad = [](char character) {
        const auto byte = static_cast<unsigned char>(character);
        return byte < 0x20 || byte == 0x7f;
    };
    if (text.empty() || text.size() > static_cast<std::size_t>(property.high) ||
        std::ranges::any_of(text, bad)) {
        return fail(fmt::format("expected a name of 1..{} printable characters", property.high));
    }
    return std::string(text);
}

Result<ValueData> parse_mark(std::string_view text, const Property &property, Family family)
{
    if (text.starts_with('!')) {
        return fail("expected a name, not a negation");
    }
    return parse_label(text, property, family);
}

Result<ValueData> parse_range(std::string_view text, const Property & /*property*/, Family family)
{
    auto range = parse_address_range(text, family);
    if (!range) {
        return std::unexpected(range.error());
    }
    return *range;
}

Result<ValueData> parse_new_addresses(std::string_view text, const Property & /*property*/,
                                      Family family)
{
    auto range = parse_address_range(text, family);
    if (!range) {
        return std::unexpected(range.error());
    }
    const std::string_view unspecified = family == Family::ipv4 ? "0.0.0.0" : "::";
    if (to_string(range->low) == unspecified) {
        return fail(fmt::format("expected addresses a packet can have, not {}", unspecified));
    }
    return *range;
}

Result<ValueData> parse_port_ranges(std::string_view text, const Property & /*property*/,
                                    Family /*family*/)
{
    auto ports = parse_ports(text);
    if (!ports) {
        return std::unexpected(ports.error());
    }
    return std::move(*ports);
}

Result<ValueData> parse_new_ports(std::string_view text, const Property & /*property*/,
                                  Family /*family*/)
{
    auto ports = parse_ports(text);
    if (!ports || ports->size() != 1 || ports->front().low == 0) {
        return fail("expected a port 1..65535 or a range such as 1024-65535");
    }
    return std::move(*ports);
}

Result<ValueData> parse_single_ports(std::string_view text, const Property &property,
                                     Family /*family*/)
{
    auto ports = parse_ports(text);
    const auto is_single = [](PortRange port) { return port.low == port.high && port.low != 0; };
    if (!ports || ports->size() > static_cast<std::size_t>(property.high) ||
        !std::ranges::all_of(*ports, is_single)) {
        return fail(fmt::format("expected up to {} ports 1..65535 such as 21,2121", property.high));
    }
    return std::move(*ports);
}

Result<ValueData> parse_protocol_value(std::string_view text, const Property & /*property*/,
                                       Family /*family*/)
{
    const auto number = parse_protocol(text);
    if (!number) {
        return std::unexpected(number.error());
    }
    return Protocol{*number};
}

Result<ValueData> parse_states(std::string_view text, const Property & /*property*/,
                               Family /*family*/)
{
    const auto mask = parse_mask(state_names, text);
    return mask ? Result<ValueData>{ConnectionStates{*mask}} : std::unexpected(mask.error());
}

Result<ValueData> parse_nat_states(std::string_view text, const Property & /*property*/,
                                   Family /*family*/)
{
    const auto mask = parse_mask(std::span(nat_state_names).first<2>(), text);
    return mask ? Result<ValueData>{NatStates{*mask}} : std::unexpected(mask.error());
}

Result<ValueData> parse_mapped_nat_states(std::string_view text, const Property & /*property*/,
                                          Family /*family*/)
{
    const auto mask = parse_mask(nat_state_names, text);
    return mask ? Result<ValueData>{NatStates{*mask}} : std::unexpected(mask.error());
}

Result<Value> parse_value(const Word &word, const Property &property, Family family)
{
    std::string_view text = word.text;
    Value value;
    if (property.has(trait_negatable) && text.starts_with('!')) {
        value.negated = true;
        text.remove_prefix(1);
    }
    auto data = property.parse(text, property, family);
    if (!data) {
        const bool is_choice = property.parse == parse_word || property.parse == parse_states ||
                               property.parse == parse_nat_states ||
                               property.parse == parse_mapped_nat_states;
        return fail(fmt::format("{} {}: {}",
                                is_choice ? "input does not match any value of"
                                          : "invalid value for argument",
                                property.name, data.error().message),
                    word.position);
    }
    value.data = std::move(*data);
    return value;
}

std::string to_string(const Value &value)
{
    return (value.negated ? "!" : "") + std::visit(Printer{}, value.data);
}

Operand to_operand(const Value &value)
{
    if (const auto *flag = std::get_if<bool>(&value.data)) {
        return *flag;
    }
    if (const auto *number = std::get_if<std::int64_t>(&value.data)) {
        return *number;
    }
    if (const auto *time = std::get_if<Duration>(&value.data)) {
        return *time;
    }
    return to_string(value);
}

Value default_value(const Property &property, Family family)
{
    return {.data = property.parse(property.fallback, property, family).value_or(ValueData{})};
}

} // namespace tg
