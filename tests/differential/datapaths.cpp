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
constexpr std::uint64_t lives = 30, long_lives = 1500;

std::string environment_text(const char *name)
{
    const char *value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::vector<std::uint64_t> seeds()
{
    if (const std::string one = environment_text("TG_SEED"); !one.empty()) {
        return {std::stoull(one)};
    }
    const bool big = environment_text("TG_LONG") == "1";
    const std::uint64_t first = big ? std::random_device{}() : 1;
    std::vector<std::uint64_t> result(big ? long_lives : lives);
    for (std::size_t i = 0; i < result.size(); i++) {
        result[i] = first + i;
    }
    return result;
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
    const auto all = seeds();
    unsigned failed = 0;
    std::size_t lived = 0;
    for (const std::uint64_t seed : all) {
        const Life life = make_life(seed, life_steps, packets);
        const Apart apart = live(pair, life, reached);
        lived++;
        if (!apart.differences.empty()) {
            ADD_FAILURE() << describe(pair, seed, life, apart);
            constexpr unsigned enough = 3;
            if (++failed == enough) {
                break;
            }
        }
    }
    fmt::print("{} lives from seed {} reached\n{}", lived, all.front(), reached.report());
    if (all.size() > 1) {
        EXPECT_EQ(fmt::format("{}", fmt::join(reached.missing(), ", ")), "")
            << "not reached, so nothing is known about it";
    }
}

} // namespace
} // namespace tg::test
