// SPDX-License-Identifier: Apache-2.0
// Chains of one's own: where they stand, where jumps go, what is refused.
#include <cstring>

#include <fmt/format.h>

#include "tests/unit/compile/build.h"

namespace tg::test {
namespace {

const tg_rule &rule_at(const Image &image, std::uint32_t number)
{
    return image.elements.at(number).rule;
}

tg_chain chain_of(const Image &image, tg_chain_number number)
{
    return image.elements[TG_BANK_CHAINS].chains.chains[TG_FAMILY_IPV4][number];
}

void expect_end(const Image &image, std::uint32_t number)
{
    tg_rule end = {};
    end.id = TG_RULE_NOBODYS;
    end.action = TG_ACTION_RETURN;
    EXPECT_EQ(std::memcmp(&rule_at(image, number), &end, sizeof end), 0) << number;
}

std::string refusal(std::string_view script)
{
    const Result<Image> image = compile(configure(script), ten_interfaces(), 1);
    return image ? "compiled" : image.error().message;
}

TEST(CompileChains, JumpsKnowWhereTheirChainBegins)
{
    const Image image = build("/ip firewall filter\n"
                              "add chain=mine protocol=1\n"
                              "add chain=forward protocol=2\n"
                              "add chain=forward action=jump jump-target=mine\n"
                              "add chain=mine action=return\n"
                              "add chain=unused protocol=3\n");
    const tg_chain forward = chain_of(image, TG_CHAIN_FILTER_FORWARD);
    ASSERT_EQ(image.elements.size(), forward.first + 6u) << "nobody can come to unused";
    EXPECT_EQ(rule_at(image, forward.first).protocol, 2u);
    const tg_rule &jump = rule_at(image, forward.first + 1);
    EXPECT_EQ(jump.action, TG_ACTION_JUMP);
    EXPECT_EQ(jump.does.jump.first, forward.first + 3);
    expect_end(image, forward.first + 2);
    EXPECT_EQ(rule_at(image, forward.first + 3).protocol, 1u);
    EXPECT_EQ(rule_at(image, forward.first + 4).action, TG_ACTION_RETURN);
    EXPECT_EQ(rule_at(image, forward.first + 4).does.jump.first, 0u);
    expect_end(image, forward.first + 5);
    EXPECT_EQ(forward.count, 6u);
}

TEST(CompileChains, WithoutJumpsAChainIsItsRules)
{
    const Image image = build("/ip firewall filter\nadd chain=forward\nadd chain=mine\n"
                              "add chain=forward action=jump jump-target=nowhere\n"
                              "add chain=forward action=jump jump-target=mine disabled=yes\n"
                              "add chain=forward action=jump jump-target=mine in-interface=eth77\n"
                              "add chain=forward action=jump jump-target=mine "
                              "in-interface-list=none\n");
    EXPECT_EQ(chain_of(image, TG_CHAIN_FILTER_FORWARD).count, 1u);
    EXPECT_EQ(image.elements.size(), TG_BANK_FIRST + 2u);
}

TEST(CompileChains, AChainThatIsUsedTwiceStandsOnceAndCountsTwice)
{
    const Image image = build("/ip firewall raw\n"
                              "add chain=prerouting action=jump jump-target=mine\n"
                              "add chain=prerouting action=jump jump-target=mine\n"
                              "add chain=output action=jump jump-target=mine\n"
                              "add chain=mine protocol=1\nadd chain=mine protocol=2\n");
    const tg_chain prerouting = chain_of(image, TG_CHAIN_RAW_PREROUTING);
    const tg_chain output = chain_of(image, TG_CHAIN_RAW_OUTPUT);
    EXPECT_EQ(prerouting.count, 3u + 2 * 3u);
    EXPECT_EQ(output.count, 2u + 3u);
    for (const std::uint32_t jump : {prerouting.first, prerouting.first + 1, output.first}) {
        EXPECT_EQ(rule_at(image, rule_at(image, jump).does.jump.first).protocol, 1u);
    }
    EXPECT_EQ(image.elements.size(), TG_BANK_FIRST + 1u + 3 + 3 + 2);
}

// A target that has only disabled rules is there, and empty.
TEST(CompileChains, EmptyAndBuiltInTargets)
{
    const Image image = build("/ip firewall filter\n"
                              "add chain=input action=jump jump-target=mine\n"
                              "add chain=mine disabled=yes\n"
                              "add chain=input action=jump jump-target=output\n");
    const tg_chain input = chain_of(image, TG_CHAIN_FILTER_INPUT);
    const tg_chain output = chain_of(image, TG_CHAIN_FILTER_OUTPUT);
    EXPECT_EQ(input.count, 3u + 1 + 1);
    expect_end(image, rule_at(image, input.first).does.jump.first);
    EXPECT_EQ(rule_at(image, input.first + 1).does.jump.first, output.first);
    EXPECT_EQ(output.count, 1u);
    expect_end(image, output.first);
}

TEST(CompileChains, CirclesAreRefused)
{
    const std::string menu = "/ip firewall filter\n";
    EXPECT_EQ(refusal(menu + "add chain=forward action=jump jump-target=forward\n"),
              "/ip firewall filter: the chains forward > forward jump in a circle");
    const std::string circle = menu + "add chain=input action=jump jump-target=a\n"
                                      "add chain=a action=jump jump-target=b\n"
                                      "add chain=b action=jump jump-target=c\n"
                                      "add chain=c action=jump jump-target=b";
    EXPECT_EQ(refusal(circle), "/ip firewall filter: the chains b > c > b jump in a circle");
    EXPECT_EQ(refusal(circle + " disabled=yes"), "compiled");
    // An interface may come back.
    EXPECT_EQ(refusal(circle + " in-interface=eth77"),
              "/ip firewall filter: the chains b > c > b jump in a circle");
    // The same names in another menu are other chains.
    EXPECT_EQ(refusal(menu + "add chain=a action=jump jump-target=b\n"
                             "/ip firewall raw add chain=b action=jump jump-target=a\n"
                             "/ipv6 firewall filter add chain=b action=jump jump-target=a\n"),
              "compiled");
}

// An action that a chain of nat cannot take is refused there whichever way it is reached.
TEST(CompileChains, ActionsOfNatStayInTheirChains)
{
    const std::string menu = "/ip firewall nat\n";
    const std::string forward = menu + "add chain=mine action=dst-nat to-addresses=192.0.2.1\n"
                                       "add chain=srcnat action=jump jump-target=mine";
    EXPECT_EQ(refusal(forward),
              "/ip firewall nat: rule *1 of chain mine is reached from srcnat by jumps, and "
              "action=dst-nat is only possible in chain dstnat or output, not in srcnat");
    EXPECT_EQ(refusal(forward + " disabled=yes"), "compiled");
    EXPECT_EQ(refusal(menu + "add chain=mine action=jump jump-target=deeper\n"
                             "add chain=deeper action=netmap to-addresses=192.0.2.0/24\n"
                             "add chain=input action=jump jump-target=mine\n"),
              "/ip firewall nat: rule *2 of chain deeper is reached from input by jumps, and "
              "action=netmap is only possible in chain srcnat or dstnat, not in input");
    EXPECT_EQ(refusal(menu + "add chain=srcnat action=masquerade\n"
                             "add chain=dstnat action=jump jump-target=srcnat\n"),
              "/ip firewall nat: rule *1 of chain srcnat is reached from dstnat by jumps, and "
              "action=masquerade is only possible in chain srcnat, not in dstnat");
    EXPECT_EQ(refusal(menu + "add chain=dstnat action=jump jump-target=mine\n"
                             "add chain=output action=jump jump-target=mine\n"
                             "add chain=mine action=dst-nat to-addresses=192.0.2.1\n"),
              "compiled");
    EXPECT_EQ(refusal(menu + "add chain=output action=redirect\n"), "compiled");
}

// Chain forward and as many others, each jumping to the next.
std::string ladder(unsigned jumps)
{
    std::string script = "/ip firewall filter\nadd chain=forward action=jump jump-target=c1\n";
    for (unsigned i = 1; i < jumps; i++) {
        script += fmt::format("add chain=c{} action=jump jump-target=c{}\n", i, i + 1);
    }
    return script + fmt::format("add chain=c{} action=drop\n", jumps);
}

TEST(CompileChains, JumpsHaveTheirLimit)
{
    EXPECT_EQ(refusal(ladder(TG_LIMIT_JUMPS)), "compiled");
    const std::string deep = "into more than 16 chains, one below the other";
    EXPECT_EQ(refusal(ladder(TG_LIMIT_JUMPS + 1)),
              "/ip firewall filter: jumps lead from chain forward " + deep);
    // From wherever the search begins.
    EXPECT_EQ(refusal(ladder(TG_LIMIT_JUMPS) + "add chain=a action=jump jump-target=forward\n"),
              "/ip firewall filter: jumps lead from chain a " + deep);
    EXPECT_EQ(refusal(ladder(TG_LIMIT_JUMPS) + "add chain=z action=jump jump-target=forward\n"),
              "/ip firewall filter: jumps lead from chain z " + deep);
    EXPECT_EQ(refusal(ladder(1000)), "/ip firewall filter: jumps lead from chain c1 " + deep);
}

// Chain forward with as many jumps to a chain with 63 rules, which is 64 with its end.
std::string walk_of(unsigned jumps, unsigned more)
{
    std::string script = "/ip firewall filter\n";
    for (unsigned i = 0; i < jumps; i++) {
        script += "add chain=forward action=jump jump-target=mine\n";
    }
    for (unsigned i = 0; i < 63; i++) {
        script += "add chain=mine action=passthrough\n";
    }
    for (unsigned i = 0; i < more; i++) {
        script += "add chain=forward action=passthrough\n";
    }
    return script;
}

TEST(CompileChains, AWalkHasItsLimit)
{
    constexpr unsigned jumps = 252; // of 65 steps each, and forward's end
    constexpr unsigned more = TG_LIMIT_WALK - jumps * 65 - 1;
    const Image image = build(walk_of(jumps, more));
    EXPECT_EQ(chain_of(image, TG_CHAIN_FILTER_FORWARD).count, TG_LIMIT_WALK);
    EXPECT_EQ(refusal(walk_of(jumps, more + 1)),
              "/ip firewall filter: with its jumps, chain forward can lead a packet past more than "
              "16384 rules");
    // What doubles with every chain is not counted to its end.
    std::string doubling = ladder(TG_LIMIT_JUMPS);
    for (unsigned i = 1; i < TG_LIMIT_JUMPS; i++) {
        for (unsigned j = 0; j < 20; j++) {
            doubling += fmt::format("add chain=c{} action=jump jump-target=c{}\n", i, i + 1);
        }
    }
    EXPECT_NE(refusal(doubling).find("more than 16384 rules"), std::string::npos);
}

// One chain of one's own with as many rules.
TEST(CompileChains, AChainOfOnesOwnHasAChainsLimit)
{
    Config config = configure("/ip firewall filter\nadd chain=forward action=jump "
                              "jump-target=mine\nadd chain=mine action=passthrough\n");
    std::vector<Item> &items = config.menus.begin()->second;
    const Item rule = items.back();
    while (items.size() < TG_LIMIT_CHAIN_RULES + 1) {
        items.push_back(rule);
    }
    EXPECT_TRUE(compile(config, {}, 1).has_value());
    items.push_back(rule);
    const Result<Image> image = compile(config, {}, 1);
    ASSERT_FALSE(image.has_value());
    EXPECT_EQ(image.error().message,
              "/ip firewall filter has 8193 rules in chain mine: the limit is 8192");
}

} // namespace
} // namespace tg::test
