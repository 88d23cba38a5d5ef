// SPDX-License-Identifier: Apache-2.0
// The rule tables: filter and raw, for IPv4 and IPv6 from the same rows.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netinet/in.h>

#include "control/base/limits.h"
#include "control/config/chains.h"
#include "control/config/menu.h"
#include "control/config/validate.h"

namespace tg {
namespace {

constexpr std::array<std::string_view, 3> filter_chains{"input", "forward", "output"};
constexpr std::array<std::string_view, 2> raw_chains{"prerouting", "output"};
constexpr std::array<std::string_view, 7> filter_actions{
    "accept", "drop", "fasttrack-connection", "jump", "log", "passthrough", "return",
};
constexpr std::array<std::string_view, 7> raw_actions{
    "accept", "drop", "jump", "log", "notrack", "passthrough", "return",
};
constexpr std::array<std::string_view, 4> nat_chains{"srcnat", "dstnat", "input", "output"};

constexpr std::array<std::string_view, 10> nat_actions{
    "accept", "masquerade",  "src-nat", "dst-nat", "redirect",
    "netmap", "passthrough", "jump",    "return",  "log",
};
constexpr std::array<std::string_view, 1> jump{"jump"};
constexpr std::array<std::string_view, 1> fasttrack{"fasttrack-connection"};
constexpr std::array<std::string_view, 3> to_addresses{"src-nat", "dst-nat", "netmap"};
constexpr std::array<std::string_view, 5> to_ports{
    "masquerade", "src-nat", "dst-nat", "redirect", "netmap",
};

constexpr unsigned matcher = trait_negatable;

constexpr std::array rows{
    Property{.name = "chain",
             .parse = parse_label,
             .help = "where on a packet's way the rule stands, or a chain of one's own",
             .traits = trait_required | trait_always,
             .tables = table_filter,
             .words = filter_chains,
             .high = limit_chain_name},
    Property{.name = "chain",
             .parse = parse_label,
             .help = "where on a packet's way the rule stands, or a chain of one's own",
             .traits = trait_required | trait_always,
             .tables = table_raw,
             .words = raw_chains,
             .high = limit_chain_name},
    Property{.name = "chain",
             .parse = parse_label,
             .help = "where on the way of a connection's first packet the rule stands, or a chain "
                     "of one's own",
             .traits = trait_required | trait_always,
             .tables = table_nat,
             .words = nat_chains,
             .high = limit_chain_name},
    Property{.name = "action",
             .parse = parse_word,
             .help = "what happens to a packet that matches",
             .fallback = "accept",
             .traits = trait_always,
             .tables = table_filter,
             .words = filter_actions},
    Property{.name = "action",
             .parse = parse_word,
             .help = "what happens to a packet that matches",
             .fallback = "accept",
             .traits = trait_always,
             .tables = table_raw,
             .words = raw_actions},
    Property{.name = "action",
             .parse = parse_word,
             .help = "what the connection of a packet that matches is translated to",
             .fallback = "accept",
             .traits = trait_always,
             .tables = table_nat,
             .words = nat_actions},
    Property{.name = "jump-target",
             .parse = parse_label,
             .help = "chain in which action=jump goes on",
             .high = limit_chain_name,
             .reference = Reference::chain,
             .actions = jump},
    Property{.name = "to-addresses",
             .parse = parse_new_addresses,
             .help = "what the address becomes: one, a prefix or a range",
             .tables = table_nat,
             .families = family_ipv4,
             .actions = to_addresses},
    Property{.name = "to-address",
             .parse = parse_new_addresses,
             .help = "what the address becomes: one or a prefix",
             .tables = table_nat,
             .families = family_ipv6,
             .actions = to_addresses,
             .alias = "to-addresses"},
    Property{.name = "to-ports",
             .parse = parse_new_ports,
             .help = "what the port becomes: one or a range",
             .traits = trait_ports,
             .tables = table_nat,
             .actions = to_ports},
    Property{.name = "hw-offload",
             .parse = parse_flag,
             .help = "let hardware forward the connection if it can",
             .fallback = "no",
             .tables = table_filter,
             .actions = fasttrack},
    Property{.name = "connection-state",
             .parse = parse_states,
             .help = "what the packet is to the tracker: one of a list",
             .traits = matcher,
             .tables = table_filter},
    Property{.name = "connection-state",
             .parse = parse_states,
             .help = "what the packet is to the tracker: one of a list",
             .traits = matcher,
             .tables = table_nat,
             .families = family_ipv6},
    Property{.name = "connection-nat-state",
             .parse = parse_nat_states,
             .help = "what of the packet's connection is translated: one of a list",
             .traits = matcher,
             .tables = table_filter},
    Property{.name = "protocol",
             .parse = parse_protocol_value,
             .help = "IP protocol by name or number",
             .traits = matcher},
    Property{.name = "src-address",
             .parse = parse_range,
             .help = "source address: one, a prefix, or (IPv4) a range",
             .traits = matcher},
    Property{.name = "dst-address",
             .parse = parse_range,
             .help = "destination address: one, a prefix, or (IPv4) a range",
             .traits = matcher},
    Property{.name = "in-interface",
             .parse = parse_name,
             .help = "interface the packet came in by",
             .traits = matcher,
             .high = limit_interface_name,
             .reference = Reference::interface,
             .side = Side::in},
    Property{.name = "out-interface",
             .parse = parse_name,
             .help = "interface the packet leaves by",
             .traits = matcher,
             .high = limit_interface_name,
             .reference = Reference::interface,
             .side = Side::out},
    Property{.name = "in-interface-list",
             .parse = parse_name,
             .help = "interface list that has the interface the packet came in by",
             .traits = matcher,
             .high = limit_list_name,
             .reference = Reference::interface_list,
             .side = Side::in},
    Property{.name = "out-interface-list",
             .parse = parse_name,
             .help = "interface list that has the interface the packet leaves by",
             .traits = matcher,
             .high = limit_list_name,
             .reference = Reference::interface_list,
             .side = Side::out},
    Property{.name = "src-port",
             .parse = parse_port_ranges,
             .help = "source ports: a list of numbers and ranges",
             .traits = matcher | trait_ports},
    Property{.name = "dst-port",
             .parse = parse_port_ranges,
             .help = "destination ports: a list of numbers and ranges",
             .traits = matcher | trait_ports},
    Property{.name = "fragment",
             .parse = parse_flag,
             .help = "whether the packet is a second or further fragment",
             .families = family_ipv4},
    Property{.name = "log",
             .parse = parse_flag,
             .help = "write a line for every packet that matches",
             .fallback = "no"},
    Property{.name = "log-prefix",
             .parse = parse_text,
             .help = "text before every such line",
             .high = limit_log_prefix},
};

// Of RouterOS 7 and not built yet, in any of the tables.
constexpr std::array<std::string_view, 47> missing_properties{
    "address-list",
    "address-list-timeout",
    "connection-bytes",
    "connection-limit",
    "connection-mark",
    "connection-rate",
    "connection-type",
    "content",
    "dscp",
    "dst-address-list",
    "dst-address-type",
    "dst-limit",
    "headers",
    "hop-limit",
    "hotspot",
    "icmp-options",
    "in-bridge-port",
    "in-bridge-port-list",
    "ingress-priority",
    "ipsec-policy",
    "ipv4-options",
    "layer7-protocol",
    "limit",
    "nth",
    "out-bridge-port",
    "out-bridge-port-list",
    "p2p",
    "packet-mark",
    "packet-size",
    "per-connection-classifier",
    "port",
    "priority",
    "psd",
    "random",
    "realm",
    "reject-with",
    "routing-mark",
    "src-address-list",
    "src-address-type",
    "src-mac-address",
    "tcp-flags",
    "tcp-mss",
    "time",
    "tls-host",
    "tos",
    "ttl",
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
constexpr auto missing_nat_properties = joined(missing_properties, std::array<std::string_view, 5>{
                                                                       "randomise-ports",
                                                                       "same-not-by-dst",
                                                                       "socks5-port",
                                                                       "socks5-server",
                                                                       "socksify-service",
                                                                   });

constexpr auto missing_nat_actions =
    joined(missing_actions,
           std::array<std::string_view, 3>{"endpoint-independent-nat", "same", "socksify"});

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
    ChainSides{"dstnat", "", "the outgoing interface is not known yet"},
    ChainSides{"srcnat", "only the outgoing interface is known there", ""},
};

constexpr std::array<std::uint8_t, 5> protocols_with_ports{
    IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_DCCP, IPPROTO_UDPLITE,
};

Result<void> check_ports(const Property &row, const Edited &edited)
{
    const Value *protocol = edited.item.get("protocol");
    const bool has_ports = protocol != nullptr && !protocol->negated &&
                           std::ranges::find(protocols_with_ports,
                                             edited.item.value_or("protocol", Protocol{}).number) !=
                               protocols_with_ports.end();
    if (has_ports) {
        return {};
    }
    return fail("ports require protocol=tcp or udp (sctp, dccp and udp-lite have them too)",
                edited.position(row.name));
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

Result<void> check_action(const Edited &edited, std::string_view action, std::string_view chain)
{
    if (never_works(edited.item)) {
        return {}; // kept, and said to be invalid
    }
    const std::string refusal = action_refusal(action, chain);
    return refusal.empty() ? Result<void>{} : fail(refusal, edited.position("action"));
}

// What of a rule does not work as whoever wrote it may think.
std::string note_of_translation(const Item &item)
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
    return "";
}

// Whether the addresses are those of one prefix, so that another prefix of its length maps to it.
bool is_prefix(const AddressRange &addresses)
{
    return to_string(addresses).find('-') == std::string::npos;
}

// What nat's actions translate to.
Result<void> check_translation(const Menu &menu, const Edited &edited, std::string_view action)
{
    const std::string_view name = menu.family == Family::ipv4 ? "to-addresses" : "to-address";
    const bool has_addresses = edited.item.get(name) != nullptr;
    const bool is_netmap = action == "netmap";
    if (is_netmap && !has_addresses) {
        return fail(fmt::format("action=netmap requires {}", name), edited.position("action"));
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
    if (auto checked = check_action(edited, action, chain); builtin && !checked) {
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
        if (row->has(trait_ports)) {
            if (auto checked = check_ports(*row, edited); !checked) {
                return checked;
            }
        }
    }
    return {};
}

} // namespace

Menu make_rule_menu(std::string_view path, Family family, unsigned table)
{
    Menu menu{
        .path = path,
        .kind = MenuKind::rules,
        .family = family,
        .table = table == table_filter ? "filter"
                 : table == table_nat  ? "nat"
                                       : "raw",
        .properties = {},
        .verbs = rule_verbs,
        .flags = rule_flags,
        .form = Form::detail,
        .columns = {"chain", "action"},
        .missing_properties = missing_properties,
        .missing_actions = missing_actions,
        .check = check_rule,
    };
    for (const Property &row : rows) {
        if ((row.tables & table) != 0 && (row.families & family_bit(family)) != 0) {
            menu.properties.push_back(&row);
        }
    }
    menu.properties.push_back(&property_comment);
    menu.properties.push_back(&property_disabled);
    if (table == table_nat) {
        menu.missing_properties = missing_nat_properties;
        menu.missing_actions = missing_nat_actions;
        menu.note = note_of_translation;
    }
    return menu;
}

} // namespace tg
