// SPDX-License-Identifier: Apache-2.0
// The hosted datapath and the kernel's programs agree on generated lives, and those reach all they
// should. TG_SEED=N lives one of them only, TG_LONG=1 many with new seeds.
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <random>

#include "tests/differential/life.h"
#include "tests/harness/root.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

constexpr std::size_t life_steps = 200;
// How many lives there are at least, and at most until they have reached everything.
constexpr std::uint64_t lives = 30, most_lives = 300, long_lives = 1500;

std::string environment_text(const char *name)
{
    const char *value = std::getenv(name);
    return value == nullptr ? "" : value;
}

struct Lives {
    std::uint64_t first, at_least, at_most;
};

Lives lives_to_live()
{
    if (const std::string one = environment_text("TG_SEED"); !one.empty()) {
        return {std::stoull(one), 1, 1};
    }
    if (environment_text("TG_LONG") == "1") {
        return {std::random_device{}(), long_lives, long_lives};
    }
    return {1, lives, most_lives};
}

// Says how to see it again, and the shortest way to it.
std::string describe(Pair &pair, std::uint64_t seed, Life life, const Apart &apart)
{
    std::string text = fmt::format(
        "seed {}, step {}: hosted and kernel differ\n  {}\n"
        "again: TG_SEED={} ctest --test-dir build -R differential.datapaths --output-on-failure\n",
        seed, apart.step, fmt::join(apart.differences, "\n  "), seed);
    life.resize(apart.step + 1);
    life = shrink(pair, std::move(life));
    Reached nobody;
    const Apart shortest = live(pair, life, nobody);
    return text + fmt::format("shortened:\n{}  {}\n", to_text(life),
                              fmt::join(shortest.differences, "\n  "));
}

TEST(Datapaths, AgreeOnGeneratedLivesThatReachEverything)
{
    skip_unless_root("running BPF programs");
    enter_namespace();
    Pair pair;
    Reached reached;
    const auto packets = all_packets(TG_CASES);
    const Lives run = lives_to_live();
    constexpr unsigned enough = 3;
    unsigned failed = 0;
    std::uint64_t lived = 0;
    while (failed < enough && lived < run.at_most &&
           (lived < run.at_least || !reached.missing().empty())) {
        const std::uint64_t seed = run.first + lived++;
        const Life life = make_life(seed, life_steps, packets);
        const Apart apart = live(pair, life, reached);
        if (!apart.differences.empty()) {
            ADD_FAILURE() << describe(pair, seed, life, apart);
            failed++;
        }
    }
    fmt::print("{} lives from seed {} reached\n{}", lived, run.first, reached.report());
    if (run.at_most > 1) {
        EXPECT_EQ(fmt::format("{}", fmt::join(reached.missing(), ", ")), "")
            << "not reached, so nothing is known about it";
    }
}

} // namespace
} // namespace tg::test
