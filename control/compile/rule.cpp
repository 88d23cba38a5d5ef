// SPDX-License-Identifier: Apache-2.0
#include "control/compile/rule.h"

#include <algorithm>

#include <fmt/format.h>

#include "control/config/mangle_values.h"
#include "control/config/tcp_flags.h"
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
    {"same", TG_ACTION_SAME},
    {"endpoint-independent-nat", TG_ACTION_ENDPOINT_INDEPENDENT},
    {"mark-connection", TG_ACTION_MARK_CONNECTION},
    {"mark-packet", TG_ACTION_MARK_PACKET},
    {"mark-routing", TG_ACTION_MARK_ROUTING},
    {"change-mss", TG_ACTION_CHANGE_MSS},
    {"change-dscp", TG_ACTION_CHANGE_DSCP},
    {"change-ttl", TG_ACTION_CHANGE_TTL},
    {"change-hop-limit", TG_ACTION_CHANGE_TTL},
    {"set-priority", TG_ACTION_SET_PRIORITY},
    {"clear-df", TG_ACTION_CLEAR_DF},
};
static_assert(std::size(actions) == TG_ACTION_COUNT + 2,
              "every action has its name; two have another, if it logs and for IPv6");

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

Match set_routing_mark(tg_rule &rule, const Value &value, const RuleContext &context)
{
    rule.routing_mark = context.environment.routing_mark(get<std::string>(value)).value_or(0);
    return Match::test;
}

// No connection is a helper's yet.
Match set_connection_type(tg_rule &, const Value &value, const RuleContext &)
{
    return value.negated ? Match::always : Match::never;
}

// The datapath does not look at IPsec: no packet is one of its policies.
Match set_ipsec_policy(tg_rule &, const Value &value, const RuleContext &)
{
    return get<std::string>(value).ends_with(",none") ? Match::always : Match::never;
}

Match set_dscp(tg_rule &rule, const Value &value, const RuleContext &)
{
    rule.dscp = static_cast<std::uint8_t>(get<std::int64_t>(value));
    return Match::test;
}

Match set_priority(tg_rule &rule, const Value &value, const RuleContext &)
{
    rule.priority = static_cast<std::uint8_t>(get<std::int64_t>(value));
    return Match::test;
}

// not-equal: in the value, not "!", says that others are meant.
Match set_ttl(tg_rule &rule, const Value &value, const RuleContext &)
{
    const std::optional<TtlRange> range = ttl_range(get<std::string>(value));
    if (!range) {
        return Match::never;
    }
    rule.ttl_low = range->low;
    rule.ttl_high = range->high;
    rule.negated |= range->negated ? TG_MATCH_TTL : 0;
    return Match::test;
}

Match set_classifier(tg_rule &rule, const Value &value, const RuleContext &)
{
    const Classifier by = classifier(get<std::string>(value));
    rule.classifier_fields = by.fields;
    rule.classifier_classes = by.classes;
    rule.classifier_class = by.which;
    return Match::test;
}

Match set_tcp_flags(tg_rule &rule, const Value &value, const RuleContext &)
{
    const TcpFlags flags = tcp_flags(get<std::string>(value));
    rule.tcp_set = flags.set;
    rule.tcp_clear = flags.clear;
    rule.negated |= flags.negated ? TG_MATCH_TCP_FLAGS : 0;
    return Match::test;
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

// The datapath is never asked.
constexpr tg_matcher no_matcher{};

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
    {"routing-mark", TG_MATCH_ROUTING_MARK, set_routing_mark},
    {"connection-type", no_matcher, set_connection_type},
    {"ipsec-policy", no_matcher, set_ipsec_policy},
    {"dscp", TG_MATCH_DSCP, set_dscp},
    {"ttl", TG_MATCH_TTL, set_ttl},
    {"hop-limit", TG_MATCH_TTL, set_ttl},
    {"priority", TG_MATCH_PRIORITY, set_priority},
    {"per-connection-classifier", TG_MATCH_CLASSIFIER, set_classifier},
    {"tcp-flags", TG_MATCH_TCP_FLAGS, set_tcp_flags},
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
    const bool same = item.value_or("action", std::string()) == "same";
    nat.by_both = same && !item.value_or("same-not-by-dst", false) ? 1 : 0;
    nat.scattered = item.value_or("randomise-ports", false) ? 1 : 0;
    return nat;
}

// What mangle's action changes to; nullopt: the action is another table's.
std::optional<std::uint32_t> changed_to(const Item &item, tg_action action,
                                        const RuleContext &context)
{
    const auto text = [&](const char *name) { return item.value_or(name, std::string(no_mark)); };
    switch (action) {
    case TG_ACTION_MARK_CONNECTION:
        return context.marks.number(text("new-connection-mark")).value_or(0);
    case TG_ACTION_MARK_PACKET:
        return context.marks.number(text("new-packet-mark")).value_or(0);
    case TG_ACTION_MARK_ROUTING:
        return context.environment.routing_mark(text("new-routing-mark")).value_or(0);
    case TG_ACTION_CHANGE_MSS:
        return new_mss(text("new-mss"));
    case TG_ACTION_CHANGE_DSCP:
        return new_dscp(text("new-dscp"));
    case TG_ACTION_CHANGE_TTL:
        return new_ttl(text(item.get("new-ttl") != nullptr ? "new-ttl" : "new-hop-limit"));
    case TG_ACTION_SET_PRIORITY:
        return new_priority(text("new-priority"));
    case TG_ACTION_CLEAR_DF:
        return 0;
    default:
        return std::nullopt;
    }
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
    if (const auto value = changed_to(item, known->action, context)) {
        rule.does.mangle = {.value = *value, .ends = item.value_or("passthrough", true) ? 0u : 1u};
    } else {
        rule.does.nat = translation(item);
    }
    if (known->action == TG_ACTION_ENDPOINT_INDEPENDENT) {
        rule.matchers = TG_MATCH_MAPPED;
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
