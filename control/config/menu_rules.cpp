// SPDX-License-Identifier: Apache-2.0
// The rule tables, for IPv4 and IPv6 from the same rows.
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netinet/in.h>

#include "control/base/limits.h"
#include "control/config/chains.h"
#include "control/config/menu.h"
#include "control/config/rule_rows.h"
#include "control/config/validate.h"

namespace tg {
namespace {

// Of RouterOS 7 and not built yet, in any of the tables.
constexpr std::array<std::string_view, 36> missing_properties{
    "address-list",
    "address-list-timeout",
    "connection-bytes",
    "connection-limit",
    "connection-rate",
    "content",
    "dst-address-list",
    "dst-address-type",
    "dst-limit",
    "headers",
    "hotspot",
    "icmp-options",
    "in-bridge-port",
    "in-bridge-port-list",
    "ingress-priority",
    "ipv4-options",
    "layer7-protocol",
    "limit",
    "nth",
    "out-bridge-port",
    "out-bridge-port-list",
    "p2p",
    "packet-size",
    "port",
    "psd",
    "random",
    "realm",
    "reject-with",
    "src-address-list",
    "src-address-type",
    "src-mac-address",
    "tcp-mss",
    "time",
    "tls-host",
    "tos",
};

constexpr std::array<std::string_view, 4> missing_actions{
    "add-dst-to-address-list",
    "add-src-to-address-list",
    "reject",
    "tarpit",
};

// One list after the other.
template <std::size_t first, std::size_t second>
constexpr auto joined(const std::array<std::string_view, first> &a,
                      const std::array<std::string_view, second> &b)
{
    std::array<std::string_view, first + second> both;
    std::ranges::copy(b, std::ranges::copy(a, both.begin()).out);
    return both;
}

// Of nat alone.
constexpr auto missing_nat_properties = joined(missing_properties, std::array<std::string_view, 3>{
                                                                       "socks5-port",
                                                                       "socks5-server",
                                                                       "socksify-service",
                                                                   });

constexpr auto missing_nat_actions =
    joined(missing_actions, std::array<std::string_view, 1>{"socksify"});

// Of mangle alone.
constexpr auto missing_mangle_properties =
    joined(missing_properties, std::array<std::string_view, 7>{
                                   "dst-prefix",
                                   "route-dst",
                                   "routing-table",
                                   "sniff-id",
                                   "sniff-target",
                                   "sniff-target-port",
                                   "src-prefix",
                               });

constexpr auto missing_mangle_actions = joined(missing_actions, std::array<std::string_view, 6>{
                                                                    "dnpt",
                                                                    "route",
                                                                    "sniff-pc",
                                                                    "sniff-tzsp",
                                                                    "snpt",
                                                                    "strip-ipv4-options",
                                                                });

constexpr std::array<std::string_view, 13> rule_verbs{
    "add",
    "set",
    "remove",
    "move",
    "enable",
    "disable",
    "comment",
    "print",
    "find",
    "get",
    "export",
    "reset-counters",
    "reset-counters-all",
};
constexpr std::array rule_flags{
    Flag{'X', "disabled", 0},
    Flag{'I', "invalid", 0},
    Flag{'D', "dynamic", 1},
};

// Why an interface of one side cannot be asked for in a built-in chain; empty: it can.
struct ChainSides {
    std::string_view chain;
    std::string_view no_in;
    std::string_view no_out;
};

constexpr std::array chain_sides{
    ChainSides{"input", "", "packets for the router leave by no interface"},
    ChainSides{"forward", "", ""},
    ChainSides{"output", "packets of the router itself came in by no interface", ""},
    ChainSides{"prerouting", "", "the outgoing interface is not known yet"},
    ChainSides{"postrouting", "only the outgoing interface is known there", ""},
    ChainSides{"dstnat", "", "the outgoing interface is not known yet"},
    ChainSides{"srcnat", "only the outgoing interface is known there", ""},
};

constexpr std::array<std::uint8_t, 5> protocols_with_ports{
    IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_DCCP, IPPROTO_UDPLITE,
};

// Of properties that some protocols have only.
Result<void> check_protocol(const Property &row, const Edited &edited)
{
    const Value *given = edited.item.get("protocol");
    const int protocol = given == nullptr || given->negated
                             ? -1
                             : edited.item.value_or("protocol", Protocol{}).number;
    if (row.has(trait_tcp) && protocol != IPPROTO_TCP) {
        return fail(fmt::format("{} requires protocol=tcp", row.name), edited.position(row.name));
    }
    if (row.has(trait_ports) &&
        std::ranges::find(protocols_with_ports, protocol) == protocols_with_ports.end()) {
        return fail("ports require protocol=tcp or udp (sctp, dccp and udp-lite have them too)",
                    edited.position(row.name));
    }
    return {};
}

Result<void> check_side(const Property &row, const Edited &edited, std::string_view chain)
{
    const auto *const sides = std::ranges::find(chain_sides, chain, &ChainSides::chain);
    if (sides == chain_sides.end() || row.side == Side::both) {
        return {};
    }
    const std::string_view reason = row.side == Side::in ? sides->no_in : sides->no_out;
    if (reason.empty()) {
        return {};
    }
    return fail(fmt::format("{} cannot be used in chain {}: {}", row.name, chain, reason),
                edited.position(row.name));
}

Result<void> check_action(const Menu &menu, const Edited &edited, std::string_view action,
                          std::string_view chain)
{
    if (never_works(edited.item)) {
        return {}; // kept, and said to be invalid
    }
    const std::string refusal = action_refusal(menu.path, action, chain);
    return refusal.empty() ? Result<void>{} : fail(refusal, edited.position("action"));
}

bool maps(const Item &item)
{
    return rule_text(item, "action") == "endpoint-independent-nat";
}

bool says_where_to(const Item &item)
{
    return std::ranges::any_of(
        std::array{"to-addresses", "to-address", "to-ports", "randomise-ports"},
        [&item](const char *name) { return item.get(name) != nullptr; });
}

// What an action cannot know in a built-in chain, or comes too late for.
struct ChainNote {
    std::string_view action;
    std::string_view value; // of its new-mss; empty: any
    std::string_view chain;
    std::string_view text;
};

constexpr std::array chain_notes{
    ChainNote{"mark-routing", "", "output",
              "the way out is chosen before chain output: the packet gets the mark, and goes "
              "where it would have gone without it"},
    ChainNote{"change-mss", "clamp-to-pmtu", "prerouting",
              "the way out is not known in chain prerouting: clamp-to-pmtu looks at the way back "
              "only"},
};

// Of a rule that packets come to from a built-in chain, by whatever jumps.
std::string note_of_chain(const Config &config, const Menu &menu, const Item &rule)
{
    const std::string_view chain = rule_text(rule, "chain"), target = jump_target(rule);
    for (const ChainNote &note : chain_notes) {
        const auto concerns = [&](const Item &each) {
            return rule_text(each, "action") == note.action &&
                   (note.value.empty() || rule_text(each, "new-mss") == note.value);
        };
        if (!is_builtin_chain(menu.path, note.chain) ||
            !chains_below(config, menu.path, note.chain).contains(chain)) {
            continue;
        }
        if (concerns(rule)) {
            return std::string(note.text);
        }
        const auto below =
            target.empty() ? std::set<std::string_view>{} : chains_below(config, menu.path, target);
        for (const Item &each : config.items(menu.path)) {
            if (below.contains(rule_text(each, "chain")) && concerns(each)) {
                return fmt::format("chain {} has action={}: {}", rule_text(each, "chain"),
                                   note.action, note.text);
            }
        }
    }
    return "";
}

// What of a rule does not work as whoever wrote it may think.
std::string note_of_rule(const Config &config, const Menu &menu, const Item &item)
{
    if (never_works(item)) {
        return "packets of the router itself have left its stack in chain output and cannot come "
               "back to it: this rule is invalid and does nothing";
    }
    if (rule_text(item, "chain") == "output" && rule_text(item, "action") == "dst-nat") {
        return "the way out is chosen before chain output: packets with the new destination still "
               "go to the next hop of the first one";
    }
    if (rule_text(item, "chain") == "input" && rule_text(item, "action") == "src-nat") {
        return "the router looks up the way of its answers by the new address: that has to lead "
               "back to where the packets come from";
    }
    if (rule_text(item, "chain") == "dstnat" && maps(item) && says_where_to(item)) {
        return "the destination becomes what a rule of srcnat with this action has mapped: nothing "
               "this rule says of addresses and ports is looked at";
    }
    if (const std::string_view policy = rule_text(item, "ipsec-policy"); !policy.empty()) {
        return fmt::format("IPsec is not looked at: ipsec-policy={} {} holds", policy,
                           policy.ends_with(",none") ? "always" : "never");
    }
    return note_of_chain(config, menu, item);
}

// Whether the addresses are those of one prefix, so that another prefix of its length maps to it.
bool is_prefix(const AddressRange &addresses)
{
    return to_string(addresses).find('-') == std::string::npos;
}

// What each of mangle's actions needs to know.
struct ActionNeed {
    std::string_view action;
    std::string_view property;
};

constexpr std::array action_needs{
    ActionNeed{"mark-connection", "new-connection-mark"},
    ActionNeed{"mark-packet", "new-packet-mark"},
    ActionNeed{"mark-routing", "new-routing-mark"},
    ActionNeed{"change-mss", "new-mss"},
    ActionNeed{"change-dscp", "new-dscp"},
    ActionNeed{"change-ttl", "new-ttl"},
    ActionNeed{"change-hop-limit", "new-hop-limit"},
    ActionNeed{"set-priority", "new-priority"},
};

Result<void> check_change(const Edited &edited, std::string_view action)
{
    const auto *const need = std::ranges::find(action_needs, action, &ActionNeed::action);
    if (need != action_needs.end() && edited.item.get(need->property) == nullptr) {
        return fail(fmt::format("action={} requires {}", action, need->property),
                    edited.position("action"));
    }
    const Value *protocol = edited.item.get("protocol");
    if (action == "change-mss" &&
        (protocol == nullptr || protocol->negated ||
         edited.item.value_or("protocol", Protocol{}).number != IPPROTO_TCP)) {
        return fail("action=change-mss requires protocol=tcp", edited.position("action"));
    }
    return {};
}

// Mappings are of UDP; a rule need not say so.
Result<void> check_mapping(const Edited &edited)
{
    const Value *protocol = edited.item.get("protocol");
    if (!maps(edited.item) || protocol == nullptr ||
        (!protocol->negated &&
         edited.item.value_or("protocol", Protocol{}).number == IPPROTO_UDP)) {
        return {};
    }
    return fail("action=endpoint-independent-nat requires protocol=udp",
                edited.position("protocol"));
}

// What nat's actions translate to.
Result<void> check_translation(const Menu &menu, const Edited &edited, std::string_view action)
{
    const std::string_view name = menu.family == Family::ipv4 ? "to-addresses" : "to-address";
    const bool has_addresses = edited.item.get(name) != nullptr;
    const bool is_netmap = action == "netmap";
    if ((is_netmap || action == "same") && !has_addresses) {
        return fail(fmt::format("action={} requires {}", action, name), edited.position("action"));
    }
    if (is_netmap && !is_prefix(edited.item.value_or(name, AddressRange{}))) {
        return fail(
            fmt::format("action=netmap requires a prefix in {}, such as 192.0.2.0/24", name),
            edited.value_position(name));
    }
    if ((action == "src-nat" || action == "dst-nat") && !has_addresses &&
        edited.item.get("to-ports") == nullptr) {
        return fail(fmt::format("action={} requires {} or to-ports", action, name),
                    edited.position("action"));
    }
    return {};
}

Result<void> check_rule(const Menu &menu, const Edited &edited)
{
    const std::string chain = edited.item.value_or("chain", std::string());
    const std::string action = edited.item.value_or("action", std::string("accept"));
    const bool builtin = is_builtin_chain(menu.path, chain);
    if (action == "jump" && edited.item.get("jump-target") == nullptr) {
        return fail("action=jump requires jump-target", edited.position("action"));
    }
    if (auto checked = check_action(menu, edited, action, chain); builtin && !checked) {
        return checked;
    }
    if (auto checked = check_change(edited, action); !checked) {
        return checked;
    }
    if (auto checked = check_mapping(edited); !checked) {
        return checked;
    }
    if (auto checked = check_translation(menu, edited, action); !checked) {
        return checked;
    }
    for (const Property *row : menu.properties) {
        if (edited.item.get(row->name) == nullptr) {
            continue;
        }
        if (!row->fits(action)) {
            return fail(
                fmt::format("{} requires action={}", row->name, fmt::join(row->actions, ", ")),
                edited.position(row->name));
        }
        if (auto checked = check_side(*row, edited, chain); builtin && !checked) {
            return checked;
        }
        if (row->has(trait_ports | trait_tcp)) {
            if (auto checked = check_protocol(*row, edited); !checked) {
                return checked;
            }
        }
    }
    return {};
}

constexpr std::string_view table_name(unsigned table)
{
    switch (table) {
    case table_mangle:
        return "mangle";
    case table_nat:
        return "nat";
    case table_raw:
        return "raw";
    default:
        return "filter";
    }
}

} // namespace

Menu make_rule_menu(std::string_view path, Family family, unsigned table)
{
    Menu menu{
        .path = path,
        .kind = MenuKind::rules,
        .family = family,
        .table = table_name(table),
        .properties = {},
        .verbs = rule_verbs,
        .flags = rule_flags,
        .form = Form::detail,
        .columns = {"chain", "action"},
        .missing_properties = missing_properties,
        .missing_actions = missing_actions,
        .check = check_rule,
        .note = note_of_rule,
    };
    for (const Property &row : rule_rows()) {
        if ((row.tables & table) != 0 && (row.families & family_bit(family)) != 0) {
            menu.properties.push_back(&row);
        }
    }
    menu.properties.push_back(&property_comment);
    menu.properties.push_back(&property_disabled);
    if (table == table_nat) {
        menu.missing_properties = missing_nat_properties;
        menu.missing_actions = missing_nat_actions;
    }
    if (table == table_mangle) {
        menu.missing_properties = missing_mangle_properties;
        menu.missing_actions = missing_mangle_actions;
    }
    return menu;
}

} // namespace tg
