// SPDX-License-Identifier: Apache-2.0
#include "control/config/edit.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "control/config/counter_pool.h"
#include "control/config/execute.h"
#include "tidegate/limits.h"

namespace tg {
namespace {

const Environment environment{{{"lan0", 1}}};

Result<Config> run_script(const Config &config, std::string_view script)
{
    Session session;
    return apply_script(script, "test.rsc", config, environment, session);
}

Config rules(unsigned count)
{
    std::string script = "/ip firewall filter\n";
    for (unsigned index = 0; index < count; ++index) {
        script += "add chain=input\n";
    }
    return run_script({}, script).value_or(Config{});
}

std::vector<std::uint32_t> counters(const Config &config, std::string_view menu)
{
    std::vector<std::uint32_t> numbers;
    for (const Item &item : config.items(menu)) {
        numbers.push_back(item.counter);
    }
    return numbers;
}

using Numbers = std::vector<std::uint32_t>;

TEST(Counters, AreSharedByAllTables)
{
    const auto config = run_script({}, "/ip firewall filter add chain=input\n"
                                       "/ip firewall raw add chain=output\n"
                                       "/ipv6 firewall filter add chain=input\n"
                                       "/ipv6 firewall raw add chain=output\n"
                                       "/ip firewall nat add chain=srcnat\n"
                                       "/ipv6 firewall nat add chain=dstnat\n");
    ASSERT_TRUE(config);
    EXPECT_EQ(counters(*config, menu_filter4), Numbers{0});
    EXPECT_EQ(counters(*config, menu_raw4), Numbers{1});
    EXPECT_EQ(counters(*config, menu_filter6), Numbers{2});
    EXPECT_EQ(counters(*config, menu_raw6), Numbers{3});
    EXPECT_EQ(counters(*config, menu_nat4), Numbers{4});
    EXPECT_EQ(counters(*config, menu_nat6), Numbers{5});
}

TEST(Counters, OfRemovedRulesCoolForOneCommit)
{
    const Config before = rules(3);
    Config after = settle(before, *run_script(before, "/ip firewall filter remove 0,1"));
    EXPECT_EQ(after.cooling, (Numbers{0, 1}));

    const Config next = settle(after, *run_script(after, "/ip firewall filter add chain=input"));
    EXPECT_EQ(counters(next, menu_filter4), (Numbers{2, 3})) << "a cooling counter was reused";
    EXPECT_EQ(next.cooling, Numbers{});

    const Config last = *run_script(next, "/ip firewall filter add chain=input");
    EXPECT_EQ(counters(last, menu_filter4), (Numbers{2, 3, 0}));
}

TEST(Counters, FreedInAScriptAreNotReusedInIt)
{
    const Config before = rules(1);
    const auto after = run_script(before, "/ip firewall filter\nremove 0\nadd chain=output");
    ASSERT_TRUE(after);
    EXPECT_EQ(counters(*after, menu_filter4), Numbers{1});
    EXPECT_EQ(settle(before, *after).cooling, Numbers{0});
}

TEST(Counters, SurviveMoveAndSet)
{
    const auto after = run_script(rules(3), "/ip firewall filter\nmove 2 0\nset 0 action=drop");
    ASSERT_TRUE(after);
    EXPECT_EQ(counters(*after, menu_filter4), (Numbers{2, 0, 1}));
}

TEST(Limits, RulesOfAllTables)
{
    const Config full = rules(TG_LIMIT_RULES);
    ASSERT_EQ(full.items(menu_filter4).size(), TG_LIMIT_RULES);
    const auto more = run_script(full, "/ip firewall raw add chain=output");
    ASSERT_FALSE(more);
    EXPECT_EQ(to_string(more.error()), "test.rsc:1:18: expected at most 16384 rules in all tables");
    EXPECT_FALSE(CounterPool().take(full));

    Config cooling = full;
    cooling.menus.begin()->second.pop_back();
    EXPECT_TRUE(CounterPool().take(cooling));
    cooling.cooling = {TG_LIMIT_RULES - 1};
    EXPECT_FALSE(CounterPool().take(cooling));
}

TEST(Limits, InterfaceLists)
{
    Config config;
    for (unsigned index = 0; index < TG_LIMIT_INTERFACE_LISTS; ++index) {
        auto next = run_script(config, fmt::format("/interface list add name=list{}", index));
        ASSERT_TRUE(next);
        config = std::move(*next);
    }
    const auto more = run_script(config, "/interface list add name=one-more");
    ASSERT_FALSE(more);
    EXPECT_EQ(to_string(more.error()), "test.rsc:1:17: expected at most 64 interface lists");
    EXPECT_TRUE(run_script(config, "/interface list set list0 name=another"));
}

TEST(Ids, AreNeverGivenOutTwice)
{
    const auto removed = run_script(rules(2), "/ip firewall filter remove [find]");
    ASSERT_TRUE(removed);
    EXPECT_TRUE(removed->menus.empty());
    const auto added = run_script(*removed, "/ip firewall filter add chain=input");
    ASSERT_TRUE(added);
    EXPECT_EQ(added->items(menu_filter4).front().id, 3U);
}

TEST(Execute, LeavesEverythingOnError)
{
    const Config before = rules(2);
    Session session;
    const auto failed = apply_script("/ip firewall filter\nset 0 action=drop\nset 7 action=drop",
                                     "", before, environment, session);
    ASSERT_FALSE(failed);
    EXPECT_EQ(before, rules(2));
    EXPECT_EQ(session.level, "");
    EXPECT_TRUE(session.numbers.empty());
}

} // namespace
} // namespace tg
