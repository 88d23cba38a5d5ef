// SPDX-License-Identifier: Apache-2.0
// Rules: each matcher and action, what is left out, where chains stand, limits.
#include <algorithm>
#include <functional>

#include "tests/unit/compile/build.h"

namespace tg::test {
namespace {

const char *const two_lists = "/interface list\nadd name=LAN\nadd name=WAN\n"
                              "/interface list member\nadd list=LAN interface=eth1\n"
                              "add list=WAN interface=eth0\n";

// The only rule of a filter table with `matchers` in chain forward (IPv4).
tg_rule one_rule(const std::string &matchers)
{
    const Image image = build(two_lists + ("/ip firewall filter add chain=forward " + matchers));
    const auto rules = rules_of(image, TG_FAMILY_IPV4, TG_CHAIN_FILTER_FORWARD);
    EXPECT_EQ(rules.size(), 1u) << matchers;
    return rules.empty() ? tg_rule{} : rules.front();
}

tg_addr ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d)
{
    return {.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}};
}

bool same(const tg_addr &a, const tg_addr &b)
{
    return std::ranges::equal(a.bytes, b.bytes);
}

struct MatcherCase {
    const char *text;
    std::uint32_t matchers;
    std::uint32_t negated;
    std::function<bool(const tg_rule &)> holds;
};

std::uint8_t bit(tg_connection_state state)
{
    return static_cast<std::uint8_t>(1u << state);
}

const std::vector<MatcherCase> matcher_cases = {
    {"", 0, 0, [](const tg_rule &) { return true; }},
    {"connection-state=established,related", TG_MATCH_CONNECTION_STATE, 0,
     [](const tg_rule &rule) {
         return rule.states ==
                (bit(TG_CONNECTION_STATE_ESTABLISHED) | bit(TG_CONNECTION_STATE_RELATED));
     }},
    {"connection-state=!invalid", TG_MATCH_CONNECTION_STATE, TG_MATCH_CONNECTION_STATE,
     [](const tg_rule &rule) { return rule.states == bit(TG_CONNECTION_STATE_INVALID); }},
    {"connection-state=new,untracked", TG_MATCH_CONNECTION_STATE, 0,
     [](const tg_rule &rule) {
         return rule.states == (bit(TG_CONNECTION_STATE_NEW) | bit(TG_CONNECTION_STATE_UNTRACKED));
     }},
    {"protocol=icmp", TG_MATCH_PROTOCOL, 0, [](const tg_rule &rule) { return rule.protocol == 1; }},
    {"protocol=!255", TG_MATCH_PROTOCOL, TG_MATCH_PROTOCOL,
     [](const tg_rule &rule) { return rule.protocol == 255; }},
    {"src-address=192.0.2.1", TG_MATCH_SRC_ADDRESS, 0,
     [](const tg_rule &rule) {
         return same(rule.src.low, ipv4(192, 0, 2, 1)) && same(rule.src.high, ipv4(192, 0, 2, 1));
     }},
    {"src-address=!10.0.0.0/8", TG_MATCH_SRC_ADDRESS, TG_MATCH_SRC_ADDRESS,
     [](const tg_rule &rule) {
         return same(rule.src.low, ipv4(10, 0, 0, 0)) &&
                same(rule.src.high, ipv4(10, 255, 255, 255));
     }},
    {"dst-address=10.0.0.5-10.0.1.7", TG_MATCH_DST_ADDRESS, 0,
     [](const tg_rule &rule) {
         return same(rule.dst.low, ipv4(10, 0, 0, 5)) && same(rule.dst.high, ipv4(10, 0, 1, 7));
     }},
    {"dst-address=0.0.0.0/0", TG_MATCH_DST_ADDRESS, 0,
     [](const tg_rule &rule) {
         return same(rule.dst.low, ipv4(0, 0, 0, 0)) &&
                same(rule.dst.high, ipv4(255, 255, 255, 255));
     }},
    {"protocol=tcp dst-port=22,80,8000-8100", TG_MATCH_PROTOCOL | TG_MATCH_DST_PORT, 0,
     [](const tg_rule &rule) {
         return rule.dst_port_count == 3 && rule.dst_ports[0].low == 22 &&
                rule.dst_ports[0].high == 22 && rule.dst_ports[2].low == 8000 &&
                rule.dst_ports[2].high == 8100 && rule.src_port_count == 0;
     }},
    {"protocol=udp src-port=!0-65535", TG_MATCH_PROTOCOL | TG_MATCH_SRC_PORT, TG_MATCH_SRC_PORT,
     [](const tg_rule &rule) {
         return rule.src_port_count == 1 && rule.src_ports[0].low == 0 &&
                rule.src_ports[0].high == 65535;
     }},
    {"in-interface=eth3", TG_MATCH_IN_INTERFACE, 0,
     [](const tg_rule &rule) { return rule.in_ifindex == 13; }},
    {"out-interface=!eth0", TG_MATCH_OUT_INTERFACE, TG_MATCH_OUT_INTERFACE,
     [](const tg_rule &rule) { return rule.out_ifindex == 10; }},
    {"in-interface-list=WAN", TG_MATCH_IN_INTERFACE_LIST, 0,
     [](const tg_rule &rule) { return rule.in_list == 1; }},
    {"out-interface-list=!LAN", TG_MATCH_OUT_INTERFACE_LIST, TG_MATCH_OUT_INTERFACE_LIST,
     [](const tg_rule &rule) { return rule.out_list == 0; }},
    {"connection-nat-state=srcnat", TG_MATCH_NAT_STATE, 0,
     [](const tg_rule &rule) { return rule.nat_states == TG_NAT_STATE_SRCNAT; }},
    {"connection-nat-state=!dstnat", TG_MATCH_NAT_STATE, TG_MATCH_NAT_STATE,
     [](const tg_rule &rule) { return rule.nat_states == TG_NAT_STATE_DSTNAT; }},
    {"connection-nat-state=dstnat,srcnat", TG_MATCH_NAT_STATE, 0,
     [](const tg_rule &rule) {
         return rule.nat_states == (TG_NAT_STATE_SRCNAT | TG_NAT_STATE_DSTNAT);
     }},
    {"connection-mark=no-mark", TG_MATCH_CONNECTION_MARK, 0,
     [](const tg_rule &rule) { return rule.connection_mark == 0 && rule.packet_mark == 0; }},
    {"packet-mark=bulk connection-mark=!voice", TG_MATCH_PACKET_MARK | TG_MATCH_CONNECTION_MARK,
     TG_MATCH_CONNECTION_MARK,
     [](const tg_rule &rule) { return rule.packet_mark == 1 && rule.connection_mark == 2; }},
    {"routing-mark=7", TG_MATCH_ROUTING_MARK, 0,
     [](const tg_rule &rule) { return rule.routing_mark == 7; }},
    {"routing-mark=!isp1", TG_MATCH_ROUTING_MARK, TG_MATCH_ROUTING_MARK,
     [](const tg_rule &rule) { return rule.routing_mark == 101; }},
    {"dscp=!63", TG_MATCH_DSCP, TG_MATCH_DSCP, [](const tg_rule &rule) { return rule.dscp == 63; }},
    {"priority=0", TG_MATCH_PRIORITY, 0, [](const tg_rule &rule) { return rule.priority == 0; }},
    {"protocol=tcp tcp-flags=syn,!ack", TG_MATCH_PROTOCOL | TG_MATCH_TCP_FLAGS, 0,
     [](const tg_rule &rule) { return rule.tcp_set == 2 && rule.tcp_clear == 16; }},
    {"protocol=tcp tcp-flags=!,fin,cwr", TG_MATCH_PROTOCOL | TG_MATCH_TCP_FLAGS, TG_MATCH_TCP_FLAGS,
     [](const tg_rule &rule) { return rule.tcp_set == 129 && rule.tcp_clear == 0; }},
    {"ipsec-policy=in,none", 0, 0, [](const tg_rule &) { return true; }},
    {"ttl=equal:255", TG_MATCH_TTL, 0,
     [](const tg_rule &rule) { return rule.ttl_low == 255 && rule.ttl_high == 255; }},
    {"ttl=not-equal:0", TG_MATCH_TTL, TG_MATCH_TTL,
     [](const tg_rule &rule) { return rule.ttl_low == 0 && rule.ttl_high == 0; }},
    {"ttl=less-than:1", TG_MATCH_TTL, 0,
     [](const tg_rule &rule) { return rule.ttl_low == 0 && rule.ttl_high == 0; }},
    {"ttl=greater-than:254", TG_MATCH_TTL, 0,
     [](const tg_rule &rule) { return rule.ttl_low == 255 && rule.ttl_high == 255; }},
    {"per-connection-classifier=!both-addresses-and-ports:65535/65534", TG_MATCH_CLASSIFIER,
     TG_MATCH_CLASSIFIER,
     [](const tg_rule &rule) {
         return rule.classifier_fields == 15 && rule.classifier_classes == 65535 &&
                rule.classifier_class == 65534;
     }},
    {"per-connection-classifier=dst-address-and-port:1/0", TG_MATCH_CLASSIFIER, 0,
     [](const tg_rule &rule) {
         return rule.classifier_fields == (TG_CLASSIFIER_DST_ADDRESS | TG_CLASSIFIER_DST_PORT);
     }},
    {"connection-type=!ftp", 0, 0, [](const tg_rule &) { return true; }},
    {"fragment=yes", TG_MATCH_FRAGMENT, 0, [](const tg_rule &) { return true; }},
    {"fragment=no", TG_MATCH_FRAGMENT, TG_MATCH_FRAGMENT, [](const tg_rule &) { return true; }},
    {"in-interface-list=all", 0, 0, [](const tg_rule &) { return true; }},
    {"in-interface-list=static", 0, 0, [](const tg_rule &) { return true; }},
    {"out-interface-list=!none", 0, 0, [](const tg_rule &) { return true; }},
    {"out-interface-list=!dynamic", 0, 0, [](const tg_rule &) { return true; }},
};

TEST(CompileRule, MatchersArriveWhole)
{
    for (const MatcherCase &row : matcher_cases) {
        const tg_rule rule = one_rule(row.text);
        EXPECT_EQ(rule.matchers, row.matchers) << row.text;
        EXPECT_EQ(rule.negated, row.negated) << row.text;
        EXPECT_TRUE(row.holds(rule)) << row.text;
    }
}

struct ActionCase {
    const char *menu;
    const char *chain;
    const char *text;
    tg_chain_number number;
    tg_action action;
};

TEST(CompileRule, ActionsArrive)
{
    constexpr ActionCase cases[] = {
        {"filter", "input", "", TG_CHAIN_FILTER_INPUT, TG_ACTION_ACCEPT},
        {"filter", "input", "action=accept", TG_CHAIN_FILTER_INPUT, TG_ACTION_ACCEPT},
        {"filter", "output", "action=drop", TG_CHAIN_FILTER_OUTPUT, TG_ACTION_DROP},
        {"filter", "output", "action=passthrough", TG_CHAIN_FILTER_OUTPUT, TG_ACTION_PASSTHROUGH},
        {"filter", "forward", "action=fasttrack-connection hw-offload=yes", TG_CHAIN_FILTER_FORWARD,
         TG_ACTION_FASTTRACK},
        {"raw", "prerouting", "action=notrack", TG_CHAIN_RAW_PREROUTING, TG_ACTION_NOTRACK},
        {"raw", "output", "action=drop", TG_CHAIN_RAW_OUTPUT, TG_ACTION_DROP},
        {"raw", "output", "action=return", TG_CHAIN_RAW_OUTPUT, TG_ACTION_RETURN},
        {"nat", "srcnat", "", TG_CHAIN_NAT_SRCNAT, TG_ACTION_ACCEPT},
        {"nat", "srcnat", "action=masquerade", TG_CHAIN_NAT_SRCNAT, TG_ACTION_MASQUERADE},
        {"nat", "dstnat", "action=redirect", TG_CHAIN_NAT_DSTNAT, TG_ACTION_REDIRECT},
        {"nat", "input", "protocol=tcp action=src-nat to-ports=9", TG_CHAIN_NAT_INPUT,
         TG_ACTION_SRC_NAT},
        {"nat", "output", "protocol=udp action=dst-nat to-ports=9", TG_CHAIN_NAT_OUTPUT,
         TG_ACTION_DST_NAT},
        {"nat", "dstnat", "action=passthrough", TG_CHAIN_NAT_DSTNAT, TG_ACTION_PASSTHROUGH},
        {"mangle", "prerouting", "", TG_CHAIN_MANGLE_PREROUTING, TG_ACTION_ACCEPT},
        {"mangle", "input", "action=passthrough", TG_CHAIN_MANGLE_INPUT, TG_ACTION_PASSTHROUGH},
        {"mangle", "forward", "action=mark-packet new-packet-mark=m", TG_CHAIN_MANGLE_FORWARD,
         TG_ACTION_MARK_PACKET},
        {"mangle", "output", "action=mark-connection new-connection-mark=m", TG_CHAIN_MANGLE_OUTPUT,
         TG_ACTION_MARK_CONNECTION},
        {"mangle", "postrouting", "action=accept", TG_CHAIN_MANGLE_POSTROUTING, TG_ACTION_ACCEPT},
    };
    for (const ActionCase &row : cases) {
        for (const int family : {TG_FAMILY_IPV4, TG_FAMILY_IPV6}) {
            const std::string ip = family == TG_FAMILY_IPV4 ? "/ip" : "/ipv6";
            const Image image =
                build(ip + " firewall " + row.menu + " add chain=" + row.chain + " " + row.text);
            const auto rules = rules_of(image, static_cast<tg_family>(family), row.number);
            ASSERT_EQ(rules.size(), 1u) << row.chain << row.text;
            EXPECT_EQ(rules[0].action, row.action) << row.chain << row.text;
            // And in no other chain.
            EXPECT_EQ(image.elements.size(), TG_BANK_FIRST + 2);
            const tg_bank_chains &chains = image.elements[TG_BANK_CHAINS].chains;
            EXPECT_EQ(chains.used[family], 1u << row.number);
            EXPECT_EQ(chains.used[1 - family], 0u);
        }
    }
}

TEST(CompileRule, RulesThatLogSaySo)
{
    EXPECT_EQ(one_rule("action=drop").log, 0u);
    EXPECT_EQ(one_rule("action=drop log-prefix=x").log, 0u);
    EXPECT_EQ(one_rule("action=drop log=yes log-prefix=x").log, 1u);
    EXPECT_EQ(one_rule("action=drop log=no").log, 0u);
    const tg_rule rule = one_rule("action=log");
    EXPECT_EQ(rule.log, 1u);
    EXPECT_EQ(rule.action, TG_ACTION_PASSTHROUGH);
}

// The only rule of IPv4's or IPv6's chain srcnat.
tg_rule one_translation(const std::string &menu, const std::string &action)
{
    const auto family = menu == menu_nat4 ? TG_FAMILY_IPV4 : TG_FAMILY_IPV6;
    const Image image = build(menu + " add chain=srcnat protocol=tcp action=" + action);
    const auto rules = rules_of(image, family, TG_CHAIN_NAT_SRCNAT);
    EXPECT_EQ(rules.size(), 1u) << action;
    return rules.empty() ? tg_rule{} : rules.front();
}

TEST(CompileRule, TranslationsArriveWhole)
{
    const std::string ip(menu_nat4);
    const tg_rule none = one_translation(ip, "masquerade");
    EXPECT_EQ(none.action, TG_ACTION_MASQUERADE);
    EXPECT_TRUE(std::ranges::all_of(none.does.bytes, [](std::uint8_t byte) { return byte == 0; }));

    const tg_rule range =
        one_translation(ip, "src-nat to-addresses=192.0.2.5-192.0.2.9 to-ports=1024-65535");
    EXPECT_EQ(range.action, TG_ACTION_SRC_NAT);
    EXPECT_TRUE(same(range.does.nat.addresses.low, ipv4(192, 0, 2, 5)));
    EXPECT_TRUE(same(range.does.nat.addresses.high, ipv4(192, 0, 2, 9)));
    EXPECT_EQ(range.does.nat.ports.low, 1024u);
    EXPECT_EQ(range.does.nat.ports.high, 65535u);
    EXPECT_EQ(range.matchers, TG_MATCH_PROTOCOL + 0u); // what it changes to is no matcher
    EXPECT_EQ(range.does.nat.scattered, 0u);
    EXPECT_EQ(one_translation(ip, "masquerade randomise-ports=yes").does.nat.scattered, 1u);
    EXPECT_EQ(one_translation(ip, "masquerade randomise-ports=no").does.nat.scattered, 0u);

    const std::string same_address = "same to-addresses=192.0.2.5-192.0.2.9";
    EXPECT_EQ(one_translation(ip, same_address).action, TG_ACTION_SAME);
    EXPECT_EQ(one_translation(ip, same_address).does.nat.by_both, 1u);
    EXPECT_EQ(one_translation(ip, same_address + " same-not-by-dst=yes").does.nat.by_both, 0u);
    EXPECT_EQ(range.does.nat.by_both, 0u);

    const tg_rule prefix = one_translation(ip, "netmap to-addresses=192.0.2.0/24");
    EXPECT_EQ(prefix.action, TG_ACTION_NETMAP);
    EXPECT_TRUE(same(prefix.does.nat.addresses.low, ipv4(192, 0, 2, 0)));
    EXPECT_TRUE(same(prefix.does.nat.addresses.high, ipv4(192, 0, 2, 255)));
    EXPECT_EQ(prefix.does.nat.ports.high, 0u);

    for (const std::string name : {"to-address", "to-addresses"}) {
        const tg_rule six =
            one_translation(std::string(menu_nat6), "src-nat " + name + "=2001:db8::/112");
        EXPECT_EQ(six.does.nat.addresses.low.bytes[3], 0xb8);
        EXPECT_EQ(six.does.nat.addresses.low.bytes[15], 0x00);
        EXPECT_EQ(six.does.nat.addresses.high.bytes[15], 0xff);
    }
}

// It is asked for by a matcher of its own, and the bank says that there is a rule that asks.
TEST(CompileRule, MappingsAreOfUdpAndSaidToBeThere)
{
    for (const std::string_view menu : {menu_nat4, menu_nat6}) {
        const bool ipv4 = menu == menu_nat4;
        const std::string add = std::string(menu) + " add chain=";
        const Image image = build(add + "srcnat action=endpoint-independent-nat");
        const auto rules =
            rules_of(image, ipv4 ? TG_FAMILY_IPV4 : TG_FAMILY_IPV6, TG_CHAIN_NAT_SRCNAT);
        ASSERT_EQ(rules.size(), 1u);
        EXPECT_EQ(rules[0].action, TG_ACTION_ENDPOINT_INDEPENDENT);
        EXPECT_EQ(rules[0].matchers, TG_MATCH_MAPPED + 0u);
        EXPECT_EQ(image.elements[TG_BANK_HEADER].header.mappings, 1u);
        EXPECT_EQ(build(add + "srcnat action=masquerade").elements[TG_BANK_HEADER].header.mappings,
                  0u);
        EXPECT_EQ(build(add + "srcnat action=endpoint-independent-nat disabled=yes")
                      .elements[TG_BANK_HEADER]
                      .header.mappings,
                  0u);
    }
}

// What no packet has is not asked for.
TEST(CompileRule, WhatMatchesNothingIsLeftOut)
{
    for (const char *never : {"ttl=less-than:0", "ttl=greater-than:255", "connection-type=sip",
                              "ipsec-policy=in,ipsec", "ipsec-policy=out,ipsec"}) {
        const Image image = build(std::string("/ip firewall mangle add chain=forward ") + never);
        EXPECT_TRUE(rules_of(image, TG_FAMILY_IPV4, TG_CHAIN_MANGLE_FORWARD).empty()) << never;
    }
}

TEST(CompileRule, ChangesArrive)
{
    struct Change {
        const char *text;
        tg_action action;
        std::uint32_t value;
    };
    constexpr Change changes[] = {
        {"mark-routing new-routing-mark=4294967295", TG_ACTION_MARK_ROUTING, 0xffffffff},
        {"mark-routing new-routing-mark=isp1", TG_ACTION_MARK_ROUTING, 101},
        {"mark-routing new-routing-mark=no-mark", TG_ACTION_MARK_ROUTING, 0},
        {"change-mss protocol=tcp new-mss=clamp-to-pmtu", TG_ACTION_CHANGE_MSS, TG_MSS_OF_PATH},
        {"change-mss protocol=tcp new-mss=65534", TG_ACTION_CHANGE_MSS, 65534},
        {"change-dscp new-dscp=0", TG_ACTION_CHANGE_DSCP, 0},
        {"change-dscp new-dscp=from-priority", TG_ACTION_CHANGE_DSCP, TG_VALUE_FROM_OTHER},
        {"change-dscp new-dscp=from-priority-to-high-3-bits", TG_ACTION_CHANGE_DSCP,
         TG_VALUE_FROM_HIGH},
        {"change-ttl new-ttl=set:255", TG_ACTION_CHANGE_TTL, TG_TTL_SET | 255},
        {"change-ttl new-ttl=increment:1", TG_ACTION_CHANGE_TTL, TG_TTL_INCREMENT | 1},
        {"change-ttl new-ttl=decrement:2", TG_ACTION_CHANGE_TTL, TG_TTL_DECREMENT | 2},
        {"set-priority new-priority=from-dscp", TG_ACTION_SET_PRIORITY, TG_VALUE_FROM_OTHER},
        {"set-priority new-priority=from-dscp-high-3-bits", TG_ACTION_SET_PRIORITY,
         TG_VALUE_FROM_HIGH},
        {"set-priority new-priority=from-ingress", TG_ACTION_SET_PRIORITY, TG_VALUE_FROM_INGRESS},
        {"clear-df", TG_ACTION_CLEAR_DF, 0},
    };
    for (const Change &change : changes) {
        const Image image =
            build("/ip firewall mangle add chain=prerouting passthrough=no action=" +
                  std::string(change.text));
        const auto rules = rules_of(image, TG_FAMILY_IPV4, TG_CHAIN_MANGLE_PREROUTING);
        ASSERT_EQ(rules.size(), 1u) << change.text;
        EXPECT_EQ(rules[0].action, change.action) << change.text;
        EXPECT_EQ(rules[0].does.mangle.value, change.value) << change.text;
        EXPECT_EQ(rules[0].does.mangle.ends, 1u) << change.text;
    }
    const Image six = build("/ipv6 firewall mangle add chain=input action=change-hop-limit "
                            "new-hop-limit=increment:3");
    const auto rules = rules_of(six, TG_FAMILY_IPV6, TG_CHAIN_MANGLE_INPUT);
    ASSERT_EQ(rules.size(), 1u);
    EXPECT_EQ(rules[0].action, TG_ACTION_CHANGE_TTL);
    EXPECT_EQ(rules[0].does.mangle.value, TG_TTL_INCREMENT | 3);
}

// Marks are numbers, whoever names them: rules of all tables and of both families.
TEST(CompileRule, MarksHaveOneNumberEach)
{
    const Image image =
        build("/ip firewall mangle\n"
              "add chain=prerouting action=mark-connection new-connection-mark=voice\n"
              "add chain=prerouting action=mark-packet new-packet-mark=bulk passthrough=no\n"
              "add chain=prerouting action=mark-connection new-connection-mark=no-mark\n"
              "/ipv6 firewall filter add chain=input connection-mark=voice packet-mark=bulk");
    const auto rules = rules_of(image, TG_FAMILY_IPV4, TG_CHAIN_MANGLE_PREROUTING);
    ASSERT_EQ(rules.size(), 3u);
    EXPECT_EQ(rules[0].does.mangle.value, 1u);
    EXPECT_EQ(rules[0].does.mangle.ends, 0u);
    EXPECT_EQ(rules[1].does.mangle.value, 2u);
    EXPECT_EQ(rules[1].does.mangle.ends, 1u);
    EXPECT_EQ(rules[2].does.mangle.value, 0u);
    const auto six = rules_of(image, TG_FAMILY_IPV6, TG_CHAIN_FILTER_INPUT);
    ASSERT_EQ(six.size(), 1u);
    EXPECT_EQ(six[0].connection_mark, 1u);
    EXPECT_EQ(six[0].packet_mark, 2u);
}

// The rule's mark was forgotten: there is no number that could be asked for.
TEST(CompileRule, MarkWithoutANumberIsNobodys)
{
    Config config = configure("/ip firewall filter add chain=input connection-mark=gone\n"
                              "/ip firewall filter add chain=input connection-mark=!gone");
    config.marks = {};
    const auto rules = rules_of(build(config), TG_FAMILY_IPV4, TG_CHAIN_FILTER_INPUT);
    ASSERT_EQ(rules.size(), 1u);
    EXPECT_EQ(rules[0].matchers, 0u);
}

TEST(CompileRule, UnknownActionIsAnError)
{
    Config config = configure("/ip firewall filter add chain=input action=drop");
    Item &item = config.menus.find(menu_filter4)->second.front();
    item.properties["action"].data = std::string("teleport");
    const Result<Image> image = compile(config, {}, 1);
    ASSERT_FALSE(image.has_value());
    EXPECT_EQ(image.error().message,
              "/ip firewall filter rule *1: action teleport is not built yet");
}

// Disabled, invalid here, or matching nothing by their own words.
TEST(CompileRule, RulesThatCannotMatchAreLeftOut)
{
    for (const char *text :
         {"disabled=yes", "in-interface=eth77", "out-interface=!eth77", "in-interface-list=none",
          "in-interface-list=!all", "out-interface-list=dynamic", "out-interface-list=nowhere"}) {
        const Image image = build(std::string("/ip firewall filter add chain=forward ") + text);
        EXPECT_EQ(image.elements.size(), TG_BANK_FIRST + 1) << text;
    }
    const Image untracked = build("/ip firewall connection tracking set enabled=no\n"
                                  "/ip firewall filter add chain=input connection-state=new\n"
                                  "/ip firewall filter add chain=forward "
                                  "connection-nat-state=dstnat\n"
                                  "/ip firewall nat add chain=srcnat action=masquerade\n"
                                  "/ip firewall filter add chain=input protocol=tcp");
    EXPECT_EQ(rules_of(untracked, TG_FAMILY_IPV4, TG_CHAIN_FILTER_INPUT).size(), 1u);
    EXPECT_EQ(untracked.elements.size(), TG_BANK_FIRST + 2);
}

TEST(CompileRule, OrderAndCountersAreTheMenus)
{
    const Config config = configure("/ip firewall filter\n"
                                    "add chain=input protocol=1\nadd chain=forward protocol=2\n"
                                    "add chain=input protocol=3\nadd chain=output protocol=4\n"
                                    "move 2 0\n"
                                    "/ipv6 firewall raw add chain=output protocol=5\n");
    const Image image = build(config);
    const auto input = rules_of(image, TG_FAMILY_IPV4, TG_CHAIN_FILTER_INPUT);
    ASSERT_EQ(input.size(), 2u);
    EXPECT_EQ(input[0].protocol, 3u);
    EXPECT_EQ(input[1].protocol, 1u);
    const std::vector<Item> &items = config.items(menu_filter4);
    EXPECT_EQ(input[0].id, items[0].counter);
    EXPECT_EQ(input[1].id, items[1].counter);
    EXPECT_EQ(rules_of(image, TG_FAMILY_IPV6, TG_CHAIN_RAW_OUTPUT).at(0).protocol, 5u);
    EXPECT_EQ(rules_of(image, TG_FAMILY_IPV4, TG_CHAIN_RAW_OUTPUT).size(), 0u);
}

// As many rules in chain input, counters from 0.
Config many_rules(std::size_t count)
{
    Config config;
    Item item;
    item.properties["chain"].data = std::string("input");
    for (std::uint32_t i = 0; i < count; i++) {
        item.id = i + 1;
        item.counter = i;
        config.menus[std::string(menu_filter4)].push_back(item);
    }
    return config;
}

TEST(CompileRule, ChainHasItsLimit)
{
    EXPECT_TRUE(compile(many_rules(TG_LIMIT_CHAIN_RULES), {}, 1).has_value());
    const Result<Image> image = compile(many_rules(TG_LIMIT_CHAIN_RULES + 1), {}, 1);
    ASSERT_FALSE(image.has_value());
    EXPECT_EQ(image.error().message,
              "/ip firewall filter has 8193 rules in chain input: the limit is 8192");
}

TEST(CompileRule, CounterHasItsLimit)
{
    Config config = many_rules(1);
    Item &item = config.menus.begin()->second.front();
    item.counter = TG_LIMIT_RULES - 1;
    EXPECT_TRUE(compile(config, {}, 1).has_value());
    item.counter = TG_LIMIT_RULES;
    const Result<Image> image = compile(config, {}, 1);
    ASSERT_FALSE(image.has_value());
    EXPECT_EQ(image.error().message,
              "/ip firewall filter rule *1: too many rules: the limit is 16384");
}

TEST(CompileRule, PortsFillTheirPlacesToTheLast)
{
    std::string ports = "1";
    for (unsigned i = 2; i <= TG_LIMIT_PORT_RANGES; i++) {
        ports += "," + std::to_string(3 * i);
    }
    const tg_rule rule = one_rule("protocol=tcp src-port=" + ports + " dst-port=" + ports);
    EXPECT_EQ(rule.src_port_count, TG_LIMIT_PORT_RANGES);
    EXPECT_EQ(rule.dst_port_count, TG_LIMIT_PORT_RANGES);
    EXPECT_EQ(rule.src_ports[15].low, 48u);
    EXPECT_EQ(rule.dst_ports[15].high, 48u);
}

} // namespace
} // namespace tg::test
