// SPDX-License-Identifier: Apache-2.0
// Lives of an agent that dies at any moment of a commit, is started again and goes on. After each
// death the old or the new revision is in force, whole: configuration, rule ids, counters, bank.
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "control/config/execute.h"
#include "tests/sim/host.h"

namespace tg::sim {
namespace {

const Author someone = {1000, "someone"};

Environment interfaces()
{
    Environment environment;
    environment.interfaces = {{"eth0", 2}, {"eth1", 3}};
    return environment;
}

constexpr std::uint64_t commits = 4; // different ones, to die in
constexpr std::string_view rule_menus[] = {menu_filter4, menu_raw4};

Config change(const Config &config, const std::string &script)
{
    Session session;
    const Result<Config> changed =
        apply_script(script, "change", config, interfaces(), session, Strictness::saved);
    EXPECT_TRUE(changed.has_value()) << script << (changed ? "" : to_string(changed.error()));
    return changed.value_or(config);
}

using Random = std::mt19937_64;

std::uint64_t below(Random &random, std::uint64_t limit)
{
    return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(random);
}

// One to three random edits of the rules, as somebody might type them.
Config random_change(const Config &config, Random &random)
{
    Config changed = config;
    const std::uint64_t edits = 1 + below(random, 3);
    for (std::uint64_t i = 0; i < edits; i++) {
        const auto &rules = changed.items(menu_filter4);
        const std::string some = rules.empty() ? "0" : std::to_string(below(random, rules.size()));
        const std::uint64_t kind = rules.empty() || rules.size() > 20 ? 0 : below(random, 9);
        const std::string number = std::to_string(below(random, 250));
        if (rules.size() > 20 || kind == 1 || kind == 2) {
            changed = change(changed, "/ip firewall filter remove " + some);
        } else if (kind == 3) {
            changed = change(changed, "/ip firewall filter move " + some + " 0");
        } else if (kind == 4) {
            changed = change(changed, "/ip firewall filter set " + some + " comment=c" + number);
        } else if (kind == 5) {
            changed = change(changed, "/ip firewall connection tracking set udp-timeout=" +
                                          std::to_string(1 + below(random, 250)) + "s");
        } else if (kind == 6) {
            changed = change(changed, "/ip firewall raw add chain=prerouting protocol=" + number);
        } else if (kind == 7) {
            changed =
                change(changed, "/ip firewall filter set " + some + " packet-mark=m" + number);
        } else {
            changed = change(changed, "/ip firewall filter add chain=input action=drop "
                                      "in-interface=eth1 protocol=" +
                                          number);
        }
    }
    return changed;
}

// Every rule by id, with what its counter shows.
std::map<std::uint32_t, std::uint64_t> counts(const Config &config, const Kernel &kernel)
{
    std::map<std::uint32_t, std::uint64_t> all;
    for (const std::string_view menu : rule_menus) {
        for (const Item &item : config.items(menu)) {
            all[item.id] = kernel.counters[item.counter];
        }
    }
    return all;
}

// Packets meet every rule in force.
void traffic(Kernel &kernel, Random &random)
{
    const auto &bank = kernel.banks[kernel.bank & 1];
    for (const auto &family : bank[TG_BANK_CHAINS].chains.chains) {
        for (const tg_chain &chain : family) {
            for (std::uint32_t i = 0; i < chain.count; i++) {
                kernel.counters[bank[chain.first + i].rule.id] += 1 + below(random, 100);
            }
        }
    }
}

// What the datapath reads is what `standing` says, byte by byte.
void expect_whole(const Standing &standing, const Kernel &kernel)
{
    ASSERT_NE(kernel.bank, 0u);
    const Result<Image> image = compile(standing.config, interfaces(), standing.revision);
    ASSERT_TRUE(image.has_value());
    const std::size_t size = kernel.sizes[kernel.bank & 1];
    const tg_bank_element *bank = kernel.banks[kernel.bank & 1];
    EXPECT_TRUE(*image == (Image{{bank, bank + size}}));
    EXPECT_FALSE(kernel.overwrote_a_used_bank);
}

// The state of a life between two commits, as an observer outside sees it.
struct Before {
    std::uint64_t revision;
    Config config;
    std::map<std::uint32_t, std::uint64_t> counts;
};

// Rules that were there kept their packets, new ones have none.
void expect_counts(const Before &before, const Standing &now, const Kernel &kernel)
{
    for (const auto &[id, packets] : counts(now.config, kernel)) {
        const auto known = before.counts.find(id);
        EXPECT_EQ(packets, known == before.counts.end() ? 0 : known->second) << "rule " << id;
    }
}

// After a death: old or new, whole. True: it was the new one.
bool expect_old_or_new(const Host &host, const Before &before, const Config &after,
                       const Standing &now)
{
    const bool is_new = now.revision != before.revision;
    expect_whole(now, host.kernel());
    expect_counts(before, now, host.kernel());
    EXPECT_TRUE(is_new ? now.revision > before.revision : now.config == before.config);
    if (is_new) {
        EXPECT_EQ(now.config.menus, after.menus);
        EXPECT_EQ(now.config.next_id, after.next_id);
        EXPECT_EQ(now.config.marks, after.marks);
    }
    const RevisionStore store(host.paths());
    EXPECT_EQ(store.numbers().value().back(), now.revision) << "a newer one was never in force";
    const auto text = store.saved_text();
    EXPECT_TRUE(text.has_value());
    EXPECT_EQ(text->value_or(""), export_config(now.config));
    return is_new;
}

// An agent starts and says what is in force.
Standing started(const Host &host)
{
    SimulatedDatapath datapath(host.kernel());
    Committer committer = host.start(datapath);
    const Result<Standing> standing = committer.load();
    EXPECT_TRUE(standing.has_value()) << (standing ? "" : to_string(standing.error()));
    return standing.value_or(Standing{});
}

// A whole life of an agent: it starts and commits.
void commit_in_a_life(const Host &host, const Config &config)
{
    SimulatedDatapath datapath(host.kernel());
    Committer committer = host.start(datapath);
    static_cast<void>(committer.load());
    static_cast<void>(committer.arm(interfaces()));
    static_cast<void>(committer.commit(config, interfaces(), someone));
}

Before look(const Host &host)
{
    const Standing standing = started(host);
    return {standing.revision, standing.config, counts(standing.config, host.kernel())};
}

// How many deaths left the old revision in force, and how many the new one.
struct Deaths {
    std::uint64_t old_ones = 0;
    std::uint64_t new_ones = 0;
};

// Every act of one commit is the last one once; the commit that follows is undisturbed.
void die_at_every_act(std::uint64_t seed, Deaths &deaths)
{
    for (std::uint64_t last = 1;; last++) {
        Random random(seed); // the same commit each time, or some of its acts would be left out
        Host host;
        commit_in_a_life(host, random_change({}, random));
        commit_in_a_life(host, random_change(look(host).config, random));
        traffic(host.kernel(), random);
        const Before before = look(host);
        const Config after =
            change(random_change(before.config, random), "/ip firewall filter add chain=forward");
        if (!dies_at(last, Loss::process, [&] { commit_in_a_life(host, after); })) {
            break;
        }
        const bool is_new = expect_old_or_new(host, before, after, started(host));
        (is_new ? deaths.new_ones : deaths.old_ones)++;
        const Config next = random_change(look(host).config, random);
        commit_in_a_life(host, next);
        EXPECT_EQ(look(host).config.menus, next.menus);
        EXPECT_FALSE(host.kernel().overwrote_a_used_bank);
    }
}

TEST(SimCommit, DeathAtEveryActOfACommit)
{
    for (std::uint64_t seed = 1; seed <= commits; seed++) {
        Deaths deaths;
        die_at_every_act(seed, deaths);
        // Both sides of the switch have many acts, or the simulation has missed what it is for:
        // after it, the wait for packets, the saving of config.rsc and what the folder keeps of it.
        EXPECT_GE(deaths.old_ones, 8u) << "seed " << seed;
        EXPECT_GE(deaths.new_ones, 3u) << "seed " << seed;
    }
}

// A life of several commits, deaths at random acts.
void live(std::uint64_t seed)
{
    Random random(seed);
    Host host;
    commit_in_a_life(host, random_change({}, random));
    for (int round = 0; round < 4; round++) {
        traffic(host.kernel(), random);
        const Before before = look(host);
        const Config after = random_change(before.config, random);
        const bool died =
            dies_at(1 + below(random, 40), Loss::process, [&] { commit_in_a_life(host, after); });
        const Standing now = started(host);
        const bool is_new = expect_old_or_new(host, before, after, now);
        EXPECT_TRUE(died || is_new) << "seed " << seed << " round " << round;
        if (::testing::Test::HasFailure()) {
            ADD_FAILURE() << "seed " << seed << " round " << round;
            return;
        }
    }
}

TEST(SimCommit, SeededLives)
{
    const char *const longer = std::getenv("TG_LONG");
    const std::uint64_t seeds = longer != nullptr && *longer == '1' ? 5000 : 200;
    for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); seed++) {
        live(seed);
    }
}

// After a power cut the maps are gone; what config.rsc says is old or new, whole, and keeps the
// ids it had.
TEST(SimCommit, PowerCutAtEveryActOfACommit)
{
    std::uint64_t old_ones = 0;
    std::uint64_t new_ones = 0;
    for (std::uint64_t last = 1;; last++) {
        Random random(2); // the same commit each time, or some of its acts would be left out
        Host host;
        commit_in_a_life(host, random_change({}, random));
        commit_in_a_life(host, random_change(look(host).config, random));
        const Before before = look(host);
        const Config after =
            change(random_change(before.config, random), "/ip firewall filter add chain=forward");
        if (!dies_at(last, Loss::power, [&] { commit_in_a_life(host, after); })) {
            break;
        }
        host.reboot();
        SimulatedDatapath datapath(host.kernel());
        Committer committer = host.start(datapath);
        ASSERT_TRUE(committer.load().has_value());
        EXPECT_FALSE(committer.standing().armed);
        const Result<Standing> now = committer.arm(interfaces());
        ASSERT_TRUE(now.has_value()) << to_string(now.error());
        EXPECT_TRUE(now->armed);
        expect_whole(*now, host.kernel());
        const bool is_new = now->config.menus == after.menus;
        EXPECT_TRUE(is_new || now->config.menus == before.config.menus) << last;
        (is_new ? new_ones : old_ones)++;
    }
    EXPECT_GE(old_ones, 8u);
    EXPECT_GE(new_ones, 1u);
}

// A kernel that refuses a call: before the switch nothing has changed, after it all has.
TEST(SimCommit, RefusalAtEveryCall)
{
    Random random(3);
    for (std::uint64_t call = 1; call < 20; call++) {
        Host host;
        commit_in_a_life(host, change({}, "/ip firewall filter add chain=input protocol=1"));
        traffic(host.kernel(), random);
        const Before before = look(host);
        const Config after = change(before.config, "/ip firewall filter add chain=input\n"
                                                   "/ip firewall raw add chain=output");
        SimulatedDatapath datapath(host.kernel());
        Committer committer = host.start(datapath);
        ASSERT_TRUE(committer.load().has_value());
        datapath.fail_at(call);
        const Result<Standing> committed = committer.commit(after, interfaces(), someone);
        EXPECT_EQ(committed.has_value(), committer.standing().revision != before.revision);
        expect_old_or_new(host, before, after, committer.standing());
        expect_old_or_new(host, before, after, started(host));
        datapath.fail_at(0);
        ASSERT_TRUE(committer.commit(after, interfaces(), someone).has_value());
        EXPECT_FALSE(host.kernel().overwrote_a_used_bank);
        EXPECT_EQ(committer.standing().config.menus, after.menus);
    }
}

} // namespace
} // namespace tg::sim
