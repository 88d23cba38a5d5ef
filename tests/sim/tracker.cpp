// SPDX-License-Identifier: Apache-2.0
// Hours of a router's table in seconds: the datapath's own stages and the agent's own aging,
// hosted, while connections of all protocols come, are answered, end or are left, the table is
// full, all of it is overdue at once, settings change, the agent is away for hours, the host is
// suspended, and the tick counter passes 2^32. (2^64 it does not reach in the life of a star.)
// After each step the table is what expected.h says, to the tick.
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "tests/sim/router_life.h"

namespace tg::sim {
namespace {

using namespace std::chrono_literals;

TEST(SimTracker, SeededHours)
{
    const char *const longer = std::getenv("TG_LONG");
    const char *const one = std::getenv("TG_SEED");
    const std::uint64_t first = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
    const std::uint64_t seeds = one != nullptr ? 1 : longer != nullptr && *longer == '1' ? 100 : 6;
    constexpr std::uint32_t rates[] = {1000, 250, 100};
    Happened happened;
    for (std::uint64_t seed = first; seed < first + seeds && !HasFailure(); seed++) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        Life life(seed, rates[seed % std::size(rates)]);
        life.run(3h);
#define TG_X(name, least) happened.name += life.happened().name;
        TG_SIM_EVENTS(TG_X)
#undef TG_X
    }
    if (HasFailure()) {
        return;
    }
    // A single life need not have seen everything.
#define TG_X(name, least)                                                                          \
    std::printf("%10llu %s\n", static_cast<unsigned long long>(happened.name), #name);             \
    EXPECT_GE(happened.name, one != nullptr ? 0u : (least) * seeds) << #name;
    TG_SIM_EVENTS(TG_X)
#undef TG_X
}

} // namespace
} // namespace tg::sim
