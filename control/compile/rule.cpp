// SPDX-License-Identifier: Apache-2.0
#include "control/compile/rule.h"

#include <algorithm>

#include <fmt/format.h>

#include "control/config/validate.h"

namespace tg {

namespace {

struct ActionName {
    std::string_view name;
    tg_action action;
};

constexpr ActionName actions[] = {
    {"accept", TG_ACTION_ACCEPT},
    {"drop", TG_ACTION_DROP},
    {"notrack", TG_ACTION_NOTRACK},
    {"fasttrack-connection", TG_ACTION_FASTTRACK},
    {"passthrough", TG_ACTION_PASSTHROUGH},
    {"log", TG_ACTION_PASSTHROUGH},
    {"jump", TG_ACTION_JUMP},
    {"return", TG_ACTION_RETURN},
    {"src-nat", TG_ACTION_SRC_NAT},
    {"dst-nat", TG_ACTION_DST_NAT},
    {"masquerade", TG_ACTION_MASQUERADE},
    {"redirect", TG_ACTION_REDIRECT},
    {"netmap", TG_ACTION_NETMAP},
    {"mark-connection", TG_ACTION_MARK_CONNECTION},
    {"mark-packet", TG_ACTION_MARK_PACKET},
};
static_assert(std::size(actions) == TG_ACTION_COUNT + 1,
              "every action has its name; passthrough has another if it logs");

// What a matcher comes to.
enum class Match {
    test,   // the datapath must look
    always, // holds for every packet: nothing to look at
    never,
};

// Writes the value where the datapath looks for it.
using SetMatcher = Match (*)(tg_rule &rule, const Value &value, const RuleContext &context);

template <class T> const T &get(const Value &value)
{
    return std::get<T>(value.data);
}

tg_addr_range range_of(const Value &value)
{
    const auto &range = get<AddressRange>(value);
    return {range.low.raw, range.high.raw};
}

std::uint8_t set_ports(tg_port_range (&places)[TG_LIMIT_PORT_RANGES], const Value &value)
{
    const auto &ports = get<std::vector<PortRange>>(value);
    const std::size_t count = std::min<std::size_t>(ports.size(), TG_LIMIT_PORT_RANGES);
    for (std::size_t i = 0; i < count; i++) {
        places[i] = {ports[i].low, ports[i].high};
    }
    return static_cast<std::uint8_t>(count);
}

// Of the built-in lists, all and static have every interface, none and dynamic have no one.
Match set_list(std::uint8_t &place, const Value &value, const RuleContext &context)
{
    const auto &name = get<std::string>(value);
    if (is_builtin_interface_list(name)) {
        const bool everyone = name == "all" || name == "static";
        return everyone != value.negated ? Match::always : Match::never;
    }
    place = context.lists.numbers.find(name)->second;
    return Match::test;
}

Match set_states(tg_rule &rule, const Value &value, const RuleContext &)
{
    rule.states = get<ConnectionStates>(value).mask;
    return Match::test;
}

Match set_nat_states(tg_rule &rule, const Value &value, const RuleContext &)
{
    rule.nat_states = get<NatStates>(value).mask;
    return Match::test;
}

// A name that no longer has a number is nobody's mark.
Match set_mark(std::uint32_t &place, const Value &value, const RuleContext &context)
{
    const auto number = context.marks.number(get<std::string>(value));
    if (!number) {
        return value.negated ? Match::always : Match::never;
    }
    place = *number;
    return Match::test;
}

Match set_connection_mark(tg_rule &rule, const Value &value, const RuleContext &context)
{
    return set_mark(rule.connection_mark, value, context);
}

Match set_packet_mark(tg_rule &rule, const Value &value, const RuleContext &context)
{
    return set_mark(rule.packet_mark, value, context);
}

Match set_protocol(tg_rule &rule, const Value &value, const RuleContext &)
{
    rule.protocol = get<Protocol>(value).number;
    return Match::test;
}

Match set_src_address(tg_rule &rule, const Value &value, const RuleContext &)
{
    rule.src = range_of(value);
    return Match::test;
}

Match set_dst_address(tg_rule &rule, const Value &value, const RuleContext &)
{
    rule.dst = range_of(value);
    return Match::test;
}

Match set_src_port(tg_rule &rule, const Value &value, const RuleContext &)
{
    rule.src_port_count = set_ports(rule.src_ports, value);
    return Match::test;
}

Match set_dst_port(tg_rule &rule, const Value &value, const RuleContext &)
{
    rule.dst_port_count = set_ports(rule.dst_ports, value);
    return Match::test;
}

Match set_in_interface(tg_rule &rule, const Value &value, const RuleContext &context)
{
    rule.in_ifindex = context.environment.ifindex(get<std::string>(value));
    return Match::test;
}

Match set_out_interface(tg_rule &rule, const Value &value, const RuleContext &context)
{
    rule.out_ifindex = context.environment.ifindex(get<std::string>(value));
    return Match::test;
}

Match set_in_list(tg_rule &rule, const Value &value, const RuleContext &context)
{
    return set_list(rule.in_list, value, context);
}

Match set_out_list(tg_rule &rule, const Value &value, const RuleContext &context)
{
    return set_list(rule.out_list, value, context);
}

// RouterOS's value, not "!", says which packets are meant.
Match set_fragment(tg_rule &rule, const Value &value, const RuleContext &)
{
    if (!get<bool>(value)) {
        rule.negated |= TG_MATCH_FRAGMENT;
    }
    return Match::test;
}

struct MatcherRow {
    std::string_view property;
    tg_matcher matcher;
    SetMatcher set;
};

constexpr MatcherRow matchers[] = {
    {"connection-state", TG_MATCH_CONNECTION_STATE, set_states},
    {"protocol", TG_MATCH_PROTOCOL, set_protocol},
    {"src-address", TG_MATCH_SRC_ADDRESS, set_src_address},
    {"dst-address", TG_MATCH_DST_ADDRESS, set_dst_address},
    {"src-port", TG_MATCH_SRC_PORT, set_src_port},
    {"dst-port", TG_MATCH_DST_PORT, set_dst_port},
    {"in-interface", TG_MATCH_IN_INTERFACE, set_in_interface},
    {"out-interface", TG_MATCH_OUT_INTERFACE, set_out_interface},
    {"in-interface-list", TG_MATCH_IN_INTERFACE_LIST, set_in_list},
    {"out-interface-list", TG_MATCH_OUT_INTERFACE_LIST, set_out_list},
    {"fragment", TG_MATCH_FRAGMENT, set_fragment},
    {"connection-nat-state", TG_MATCH_NAT_STATE, set_nat_states},
    {"connection-mark", TG_MATCH_CONNECTION_MARK, set_connection_mark},
    {"packet-mark", TG_MATCH_PACKET_MARK, set_packet_mark},
};

// What the action changes addresses and ports to.
tg_rule_nat translation(const Item &item)
{
    tg_rule_nat nat = {};
    const Value *ipv4 = item.get("to-addresses");
    if (const Value *addresses = ipv4 == nullptr ? item.get("to-address") : ipv4) {
        nat.addresses = range_of(*addresses);
    }
    if (const Value *ports = item.get("to-ports")) {
        const PortRange range = get<std::vector<PortRange>>(*ports).front();
        nat.ports = {range.low, range.high};
    }
    nat.scattered = item.value_or("randomise-ports", false) ? 1 : 0;
    return nat;
}

// What the action marks with.
tg_rule_mangle marking(const Item &item, const Marks &marks)
{
    const bool connection = item.get("new-connection-mark") != nullptr;
    const std::string name =
        item.value_or(connection ? "new-connection-mark" : "new-packet-mark", std::string(no_mark));
    return {.mark = marks.number(name).value_or(0),
            .ends = item.value_or("passthrough", true) ? 0u : 1u};
}

} // namespace

Result<std::optional<tg_rule>> compile_rule(const Item &item, const RuleContext &context)
{
    const std::string action = item.value_or("action", std::string("accept"));
    const auto *const known = std::ranges::find(actions, action, &ActionName::name);
    if (known == std::end(actions)) {
        return fail(fmt::format("rule *{:X}: action {} is not built yet", item.id, action));
    }
    if (item.counter >= TG_LIMIT_RULES) {
        return fail(
            fmt::format("rule *{:X}: too many rules: the limit is {}", item.id, TG_LIMIT_RULES));
    }
    tg_rule rule = {};
    rule.id = item.counter;
    rule.action = static_cast<std::uint8_t>(known->action);
    rule.log = rule_logs(item) ? 1 : 0;
    if (rule.action == TG_ACTION_MARK_CONNECTION || rule.action == TG_ACTION_MARK_PACKET) {
        rule.does.mangle = marking(item, context.marks);
    } else {
        rule.does.nat = translation(item);
    }
    for (const MatcherRow &row : matchers) {
        const Value *value = item.get(row.property);
        if (value == nullptr) {
            continue;
        }
        switch (row.set(rule, *value, context)) {
        case Match::never:
            return std::nullopt;
        case Match::always:
            continue;
        case Match::test:
            break;
        }
        rule.matchers |= row.matcher;
        if (value->negated) {
            rule.negated |= row.matcher;
        }
    }
    return rule;
}

} // namespace tg
