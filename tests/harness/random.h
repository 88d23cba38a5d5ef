// SPDX-License-Identifier: Apache-2.0
// Seeded chance: one seed gives the same choices on every machine. And what chance does to frames.
#pragma once

#include <cstdint>
#include <iterator>
#include <random>

#include "tests/harness/layers.h"

namespace tg::test {

class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    // 0 … bound - 1
    std::uint32_t below(std::size_t bound)
    {
        return static_cast<std::uint32_t>(engine_() % bound);
    }
    bool percent(unsigned chance)
    {
        return below(100) < chance;
    }
    template <class Range> const auto &pick(const Range &range)
    {
        return range[below(std::size(range))];
    }

private:
    std::mt19937_64 engine_; // its numbers are the same everywhere, those of distributions are not
};

// A few changes, most of them among the headers; the Ethernet header stays as long as it is.
Bytes mutate(Bytes frame, Random &random);

} // namespace tg::test
