// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/random_rules.h"

#include <array>
#include <fmt/format.h>
#include <string_view>

#include "tidegate/timeout.h"

namespace tg::test {
namespace {

constexpr std::array<std::string_view, 3> chains = {"input", "forward", "output"};
// In this order: a chain jumps only to those behind it.
constexpr std::array<std::string_view, 3> own_chains = {"checks", "more", "last"};
constexpr std::array<std::string_view, 3> ports = {"lan", "wan", "dmz"};
constexpr std::array<std::string_view, 2> lists = {"LAN", "WAN"};
constexpr std::array<std::string_view, 8> states = {
    "new",     "established", "established,related", "invalid", "untracked",
    "related", "!new",        "!invalid,untracked"};
constexpr std::array<std::string_view, 7> protocols = {"icmp", "gre",    "ipsec-esp", "sctp",
                                                       "17",   "icmpv6", "99"};
constexpr std::array<std::string_view, 6> port_lists = {"80",  "53,443",  "1000-1001",
                                                        "!80", "1-65535", "!22,1000-1003"};
constexpr std::array<std::array<std::string_view, 6>, 2> addresses = {{
    {"192.168.88.2", "192.168.88.0/24", "203.0.113.1-203.0.113.9", "!10.20.0.0/24", "!203.0.113.2",
     "0.0.0.0/0"},
    {"2001:db8:88::2", "2001:db8:88::/64", "2001:db8:113::/125", "!2001:db8:20::/64",
     "!2001:db8:113::2", "::/0"},
}};

std::string_view negation(Random &random)
{
    return random.percent(20) ? "!" : "";
}

// Matchers that may stand in any chain.
std::string common_matchers(Random &random, unsigned family)
{
    std::string text;
    if (random.percent(35)) {
        text += fmt::format(" src-address={}", random.pick(addresses[family]));
    }
    if (random.percent(35)) {
        text += fmt::format(" dst-address={}", random.pick(addresses[family]));
    }
    if (random.percent(40)) {
        text += random.percent(50) ? " protocol=tcp" : " protocol=udp";
        for (const std::string_view side : {"src-port", "dst-port"}) {
            if (random.percent(50)) {
                text += fmt::format(" {}={}", side, random.pick(port_lists));
            }
        }
    } else if (random.percent(30)) {
        text += fmt::format(" protocol={}{}", negation(random), random.pick(protocols));
    }
    return text;
}

// Of the interface the packet comes in or leaves by; `side` is "in" or "out".
std::string interface_matcher(Random &random, std::string_view side)
{
    if (random.percent(70)) {
        return "";
    }
    if (random.percent(50)) {
        return fmt::format(" {}-interface={}{}", side, negation(random), random.pick(ports));
    }
    return fmt::format(" {}-interface-list={}{}", side, negation(random), random.pick(lists));
}

std::string fragment_matcher(Random &random, unsigned family, unsigned percent)
{
    if (family != 0 || !random.percent(percent)) {
        return "";
    }
    return random.percent(70) ? " fragment=yes" : " fragment=no";
}

// From a chain to the number `first` of own_chains or one behind it.
std::string jump_rule(Random &random, std::string_view chain, std::uint32_t first,
                      const std::string &matchers)
{
    const std::uint32_t count = static_cast<std::uint32_t>(own_chains.size()) - first;
    return fmt::format("add chain={} action=jump jump-target={}{}", chain,
                       own_chains.at(first + random.below(count)), matchers);
}

// What stands in chain `chain`; behind `first` of own_chains are those it may jump to.
std::string filter_rule_in(Random &random, unsigned family, std::string_view chain,
                           std::uint32_t first)
{
    std::string matchers = common_matchers(random, family);
    if (chain != "output") {
        matchers += interface_matcher(random, "in");
    }
    if (chain != "input") {
        matchers += interface_matcher(random, "out");
    }
    if (random.percent(40)) {
        matchers += fmt::format(" connection-state={}", random.pick(states));
    }
    matchers += fragment_matcher(random, family, 10);
    if (first < own_chains.size() && random.percent(25)) {
        return jump_rule(random, chain, first, matchers);
    }
    constexpr std::array<std::string_view, 7> actions = {
        "accept", "accept", "drop", "drop", "return", "passthrough", "fasttrack-connection"};
    // A drop that matches nearly everything would end the life of the whole router.
    const bool narrow = matchers.size() > 30;
    std::string_view action = narrow ? random.pick(actions) : "passthrough";
    if (action == "fasttrack-connection" && (chain == "input" || chain == "output")) {
        action = "accept";
    }
    return fmt::format("add chain={} action={}{}", chain, action, matchers);
}

std::string filter_rule(Random &random, unsigned family)
{
    if (random.percent(70)) {
        return filter_rule_in(random, family, random.pick(chains), 0);
    }
    const std::uint32_t number = random.below(own_chains.size());
    return filter_rule_in(random, family, own_chains.at(number), number + 1);
}

std::string raw_rule(Random &random, unsigned family)
{
    const bool output = random.percent(30);
    std::string matchers = common_matchers(random, family);
    matchers += interface_matcher(random, output ? "out" : "in");
    matchers += fragment_matcher(random, family, 25);
    if (random.percent(20)) {
        return jump_rule(random, output ? "output" : "prerouting", 0, matchers);
    }
    constexpr std::array<std::string_view, 6> actions = {"accept",  "drop",        "notrack",
                                                         "notrack", "passthrough", "return"};
    const std::string_view action = matchers.size() > 30 ? random.pick(actions) : "passthrough";
    const std::string_view chain = random.percent(20) ? random.pick(own_chains)
                                   : output           ? "output"
                                                      : "prerouting";
    return fmt::format("add chain={} action={}{}", chain, action, matchers);
}

void replace_rules(std::vector<std::string> &lines, Random &random, unsigned family,
                   std::string_view table)
{
    lines.push_back(fmt::format("{} firewall {}", family == 0 ? "/ip" : "/ipv6", table));
    lines.emplace_back("remove [find comment=random]");
    if (table == "filter" && random.percent(40)) {
        lines.emplace_back("add chain=forward connection-state=established,related,untracked "
                           "action=accept comment=random");
    }
    for (std::uint32_t i = random.below(table == "filter" ? 7 : 3); i > 0; i--) {
        lines.push_back(
            (table == "filter" ? filter_rule(random, family) : raw_rule(random, family)) +
            " comment=random");
    }
    if (table == "raw" && random.percent(15)) {
        lines.emplace_back("add chain=prerouting in-interface=wan protocol=udp action=drop "
                           "comment=random");
    }
    if (table == "filter" && random.percent(50)) {
        lines.emplace_back("add chain=forward connection-state=invalid action=drop comment=random");
    }
    if (table == "filter" && random.percent(15)) {
        lines.emplace_back("add chain=forward in-interface=wan connection-state=new action=drop "
                           "comment=random");
    }
}

// Translations of each kind; most lives have none, so that answers fit what they answer.
void replace_translations(std::vector<std::string> &lines, Random &random, unsigned family)
{
    constexpr std::array<std::array<std::string_view, 11>, 2> rules = {{
        {"chain=srcnat out-interface=wan action=masquerade",
         "chain=srcnat protocol=udp action=masquerade to-ports=7",
         "chain=srcnat out-interface-list=LAN protocol=tcp action=src-nat to-ports=5000-6000 "
         "to-addresses=203.0.113.1-203.0.113.9",
         "chain=srcnat action=netmap to-addresses=198.51.100.0/24",
         "chain=dstnat in-interface=wan protocol=tcp action=dst-nat to-addresses=10.20.0.2 "
         "to-ports=22",
         "chain=dstnat in-interface-list=LAN protocol=udp action=redirect to-ports=53",
         "chain=dstnat in-interface=bare action=redirect",
         "chain=srcnat out-interface=wan protocol=udp action=endpoint-independent-nat",
         "chain=dstnat in-interface=wan action=endpoint-independent-nat",
         "chain=input action=src-nat to-addresses=192.0.2.1",
         "chain=output protocol=udp action=dst-nat to-addresses=203.0.113.254"},
        {"chain=srcnat out-interface=wan action=masquerade",
         "chain=srcnat protocol=udp action=masquerade to-ports=7",
         "chain=srcnat out-interface-list=LAN protocol=tcp action=src-nat to-ports=5000 "
         "to-address=2001:db8:113::1/128 randomise-ports=yes", // of one, there is no choice
         "chain=srcnat action=netmap to-address=2001:db8:99::/64",
         "chain=dstnat in-interface=wan protocol=tcp action=dst-nat "
         "to-address=2001:db8:20::2/128 to-ports=22",
         "chain=dstnat in-interface-list=LAN protocol=udp action=redirect to-ports=53",
         "chain=dstnat in-interface=idle action=redirect",
         "chain=srcnat out-interface=wan protocol=udp action=endpoint-independent-nat",
         "chain=dstnat in-interface=wan action=endpoint-independent-nat",
         "chain=input action=src-nat to-address=2001:db8:99::1/128",
         "chain=output protocol=udp action=dst-nat to-address=2001:db8:113::fe/128"},
    }};
    lines.push_back(fmt::format("{} firewall nat", family == 0 ? "/ip" : "/ipv6"));
    lines.emplace_back("remove [find comment=random]");
    if (random.percent(50)) {
        return;
    }
    for (std::uint32_t i = 1 + random.below(3); i > 0; i--) {
        lines.push_back(fmt::format("add {} comment=random", random.pick(rules.at(family))));
    }
}

// Marks, and changes of headers; half of the lives have none.
void replace_changes(std::vector<std::string> &lines, Random &random, unsigned family)
{
    constexpr std::array<std::string_view, 13> rules = {
        "chain=prerouting connection-mark=no-mark action=mark-connection new-connection-mark=a",
        "chain=prerouting connection-mark=a action=mark-packet new-packet-mark=b passthrough=no",
        "chain=prerouting protocol=udp action=mark-routing new-routing-mark=7",
        "chain=forward routing-mark=7 action=change-dscp new-dscp=46",
        "chain=forward protocol=tcp tcp-flags=syn,!ack action=change-mss new-mss=600",
        "chain=prerouting protocol=tcp tcp-flags=!,ack action=change-dscp new-dscp=3",
        "chain=postrouting protocol=tcp action=change-mss new-mss=clamp-to-pmtu",
        "chain=prerouting dscp=0 packet-mark=!b action=set-priority new-priority=5",
        "chain=postrouting priority=5 action=change-dscp new-dscp=from-priority",
        "chain=input per-connection-classifier=both-addresses-and-ports:2/1 action=change-dscp "
        "new-dscp=10",
        "chain=output action=change-dscp new-dscp=from-priority-to-high-3-bits",
        "chain=prerouting protocol=!tcp action=change-",
        "chain=postrouting per-connection-classifier=src-address:2/0 action=change-",
    };
    constexpr std::array<std::string_view, 4> values = {"set:2", "set:255", "increment:1",
                                                        "decrement:9"};
    lines.push_back(fmt::format("{} firewall mangle", family == 0 ? "/ip" : "/ipv6"));
    lines.emplace_back("remove [find comment=random]");
    if (random.percent(50)) {
        return;
    }
    for (std::uint32_t i = 1 + random.below(4); i > 0; i--) {
        std::string rule(random.pick(rules));
        if (rule.ends_with("change-")) {
            const std::string_view field = family == 0 ? "ttl" : "hop-limit";
            rule += fmt::format("{0} new-{0}={1}", field, random.pick(values));
        }
        lines.push_back(fmt::format("add {} comment=random", rule));
    }
    if (family == 0 && random.percent(30)) {
        lines.emplace_back("add chain=forward protocol=udp action=clear-df comment=random");
    }
}

std::string tracking(Random &random)
{
    constexpr std::array<std::string_view, TG_TIMEOUT_COUNT> timeouts = {
#define TG_X(class_, property, seconds) property,
        TG_TIMEOUTS(TG_X)
#undef TG_X
    };
    std::string text = "/ip firewall connection tracking set";
    constexpr std::array<std::string_view, 12> enabled = {
        "auto", "auto", "no", "yes", "yes", "yes", "yes", "yes", "yes", "yes", "yes", "yes"};
    text += fmt::format(" enabled={}", random.pick(enabled));
    // Near the number of connections a life has, so that it is reached.
    text += fmt::format(" max-connections={}", random.percent(30) ? 1 + random.below(20) : 200000);
    const std::uint32_t first = random.below(timeouts.size());
    for (std::uint32_t i = random.below(4); i > 0; i--) {
        text += fmt::format(" {}={}s", timeouts.at((first + i * 5) % timeouts.size()),
                            1 + random.below(40));
    }
    return text;
}

} // namespace

std::vector<std::string> random_rules(Random &random, bool first)
{
    std::vector<std::string> lines;
    if (first) {
        lines = {"/interface list add name=LAN",
                 "/interface list add name=WAN",
                 "/interface list member add list=LAN interface=lan",
                 "/interface list member add list=LAN interface=dmz",
                 "/interface list member add list=WAN interface=wan",
                 "/interface list member add list=WAN interface=bare"};
    }
    for (const unsigned family : {0u, 1u}) {
        for (const std::string_view table : {"filter", "raw"}) {
            replace_rules(lines, random, family, table);
        }
        replace_translations(lines, random, family);
    }
    if (random.percent(60)) {
        lines.push_back(tracking(random));
    }
    if (random.percent(20)) {
        lines.push_back(fmt::format("/ip settings set accept-dhcp-client={}",
                                    random.percent(50) ? "yes" : "no"));
        lines.push_back(fmt::format("/ipv6 settings set accept-neighbour-discovery={}",
                                    random.percent(50) ? "yes" : "no"));
    }
    for (const unsigned family : {0u, 1u}) {
        replace_changes(lines, random, family);
    }
    return lines;
}

} // namespace tg::test
