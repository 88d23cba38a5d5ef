// SPDX-License-Identifier: Apache-2.0
// A life of the router from one seed: steps of a case, and how two routers live through them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/differential/pair.h"
#include "tests/differential/reached.h"

namespace tg::test {

using Life = std::vector<Step>;

// The same seed and size, the same life.
Life make_life(std::uint64_t seed, std::size_t steps, const std::vector<Step> &samples);

// Where the two came apart; no differences: they did not.
struct Apart {
    std::size_t step = 0;
    std::vector<std::string> differences = {};
};

// From the beginning to the first difference; a late one is tried again.
Apart live(Pair &pair, const Life &life, Reached &reached);
// The steps that the difference at the end needs.
Life shrink(Pair &pair, Life life);
// As a case file has it.
std::string to_text(const Life &life);

} // namespace tg::test
