// SPDX-License-Identifier: Apache-2.0
// A configuration of random rules survives export and import, in every form of export.
#include <array>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "control/command/quote.h"
#include "control/config/execute.h"

namespace tg {
namespace {

const Environment environment{{{"lan0", 1}, {"wan0", 2}}};

// Values of each property, to be combined at random; most combinations are possible, some are not.
struct Choice {
    std::string_view property;
    std::vector<std::string_view> values;
};

const std::vector<Choice> choices{
    {"chain",
     {"input", "forward", "output", "prerouting", "srcnat", "dstnat", "postrouting", "mine",
      "\"one of mine\""}},
    {"action",
     {"accept",
      "drop",
      "notrack",
      "passthrough",
      "fasttrack-connection",
      "jump",
      "return",
      "masquerade",
      "src-nat",
      "dst-nat",
      "redirect",
      "netmap",
      "log",
      "mark-connection",
      "mark-packet",
      "mark-routing",
      "change-mss",
      "change-dscp",
      "change-ttl",
      "change-hop-limit",
      "set-priority",
      "clear-df",
      "endpoint-independent-nat",
      "same"}},
    {"jump-target", {"mine", "nowhere", "\"one of mine\"", "forward"}},
    {"new-connection-mark", {"voice", "no-mark", "\"one of mine\""}},
    {"new-packet-mark", {"voice", "bulk"}},
    {"passthrough", {"yes", "no"}},
    {"new-routing-mark", {"7", "no-mark"}},
    {"new-mss", {"clamp-to-pmtu", "1400"}},
    {"new-dscp", {"46", "from-priority"}},
    {"new-ttl", {"set:64", "decrement:1"}},
    {"new-hop-limit", {"set:64", "increment:255"}},
    {"new-priority", {"63", "from-ingress"}},
    {"routing-mark", {"!7", "no-mark"}},
    {"connection-type", {"ftp", "!sip"}},
    {"dscp", {"0", "!46"}},
    {"ttl", {"equal:1", "not-equal:64"}},
    {"ipsec-policy", {"in,none", "out,ipsec"}},
    {"tcp-flags", {"syn", "syn,!ack", "!,fin,psh"}},
    {"hop-limit", {"less-than:2", "greater-than:9"}},
    {"priority", {"5", "!63"}},
    {"per-connection-classifier", {"both-addresses:2/0", "!src-port:65535/65534"}},
    {"connection-mark", {"voice", "!no-mark"}},
    {"packet-mark", {"!bulk", "no-mark"}},
    {"to-addresses", {"192.0.2.1-192.0.2.9", "192.0.2.0/24", "2001:db8::1", "2001:db8::/64"}},
    {"to-ports", {"8080", "1024-65535"}},
    {"same-not-by-dst", {"yes", "no"}},
    {"connection-nat-state", {"srcnat", "!dstnat", "srcnat,dstnat"}},
    {"connection-state", {"new", "!invalid", "established,related,untracked"}},
    {"protocol", {"tcp", "udp", "!icmp", "6", "253", "sctp"}},
    {"src-address", {"192.0.2.1", "!192.0.2.0/25", "192.0.2.1-192.0.2.9", "2001:db8::/32"}},
    {"dst-address", {"0.0.0.0/0", "10.1.2.3/8", "::/0", "!2001:db8::1"}},
    {"src-port", {"1", "!1-65535", "1,3,5-9"}},
    {"dst-port", {"22", "!80,443"}},
    {"in-interface", {"lan0", "!wan0"}},
    {"out-interface", {"lan0", "!wan0"}},
    {"in-interface-list", {"all", "!LAN", "WAN"}},
    {"out-interface-list", {"none", "!LAN", "WAN"}},
    {"hw-offload", {"yes", "no"}},
    {"log", {"yes", "no"}},
    {"disabled", {"yes", "no"}},
};

Config without_ids(Config config)
{
    for (auto &[menu, items] : config.menus) {
        for (Item &item : items) {
            item.id = 0;
            item.counter = 0;
        }
    }
    config.next_id = 0;
    config.cooling.clear();
    config.marks = {};
    return config;
}

std::string random_rule()
{
    std::string command = fmt::format(
        "{} add", *rc::gen::elementOf(std::vector(rule_menus.begin(), rule_menus.end())));
    for (const Choice &choice : choices) {
        const bool needed = choice.property == "chain";
        if (needed || *rc::gen::inRange(0, 4) == 0) {
            command += fmt::format(" {}={}", choice.property, *rc::gen::elementOf(choice.values));
        }
    }
    auto comment = *rc::gen::string<std::string>();
    std::erase(comment, '\0');
    return command + " comment=" + quote(comment);
}

Result<Config> run_script(const Config &config, std::string_view script)
{
    Session session;
    return apply_script(script, "", config, environment, session);
}

class Text final : public Sink {
public:
    void write(std::string_view piece) override
    {
        text += piece;
    }
    std::string text;
};

class NoRuntime final : public Runtime {
public:
    [[nodiscard]] tg_counter rule_counter(std::uint32_t) const override
    {
        return {};
    }
    void reset_rule_counter(std::uint32_t) override {}
    Result<void> connections(Family, const std::function<bool(const Connection &)> &) const override
    {
        return {};
    }
    Result<std::uint64_t> remove_connections(const std::vector<ConnectionName> &) override
    {
        return 0;
    }
};

std::string exported(const Config &config, std::string_view command)
{
    Session session;
    NoRuntime runtime;
    Text sink;
    const auto commands = parse_script(command, menu_tree(), session.level);
    const auto done = execute(commands->front(), config, environment, runtime, session, sink);
    return done ? sink.text : to_string(done.error());
}

RC_GTEST_PROP(Export, IsReadBackAsTheSameConfiguration, ())
{
    auto config = run_script({}, "/interface list add name=LAN; /interface list add name=WAN");
    RC_ASSERT(config.has_value());
    const auto count = *rc::gen::inRange(0, 20);
    for (int index = 0; index < count; ++index) {
        if (auto next = run_script(*config, random_rule())) {
            config = std::move(next);
        }
    }
    RC_CLASSIFY(config->menus.size() > 2, "has rules in two tables or more");
    for (const char *command : {"/export", "/export verbose", "/export terse"}) {
        const std::string text = exported(*config, command);
        const auto again = run_script({}, text);
        if (!again) {
            RC_LOG() << to_string(again.error()) << "\n" << text;
        }
        RC_ASSERT(again.has_value());
        RC_ASSERT(without_ids(*again) == without_ids(*config));
        RC_ASSERT(export_config(*again) == export_config(*config));
    }
}

} // namespace
} // namespace tg
