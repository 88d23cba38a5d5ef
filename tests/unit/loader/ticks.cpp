// SPDX-License-Identifier: Apache-2.0
#include "loader/ticks.h"

#include <gtest/gtest.h>

namespace tg::loader {
namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t at_boot = 0xffff'ffff - 300 * 250; // where Linux starts counting

// jiffies * 1e9 / rate modulo 2^64, the product without overflow.
std::uint64_t in_ns(std::uint64_t jiffies, std::uint32_t rate)
{
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(static_cast<Wide>(jiffies) * second_ns / rate);
}

std::optional<std::uint32_t> measured(std::uint64_t ticks, std::uint64_t elapsed_ns)
{
    return tick_rate({at_boot, 5 * second_ns}, {at_boot + ticks, 5 * second_ns + elapsed_ns});
}

TEST(TickRate, IsOneLinuxIsBuiltWith)
{
    struct Row {
        std::uint64_t ticks;
        std::uint64_t elapsed_ms;
        std::optional<std::uint32_t> rate;
    };
    const Row rows[] = {
        {8, 80, 100},          {20, 80, 250},         {24, 80, 300}, {80, 80, 1000},
        {25, 98, 250},         {26, 98, 250},         {29, 98, 300}, {108, 100, std::nullopt},
        {107, 100, 1000},      {93, 100, 1000},       {91, 100, {}}, {50, 100, std::nullopt},
        {0, 80, std::nullopt}, {80, 0, std::nullopt}, {1, 1, 1000},
    };
    for (const Row &row : rows) {
        EXPECT_EQ(measured(row.ticks, row.elapsed_ms * 1'000'000), row.rate)
            << row.ticks << " ticks in " << row.elapsed_ms << " ms";
    }
}

TEST(TickRate, IsUnknownIfTheClocksGoBack)
{
    EXPECT_EQ(tick_rate({100, second_ns}, {90, 2 * second_ns}), std::nullopt);
    EXPECT_EQ(tick_rate({100, 2 * second_ns}, {200, second_ns}), std::nullopt);
}

// CLOCK_MONOTONIC = jiffies * 1e9 / rate + offset, modulo 2^64.
TEST(AwakeOffset, GivesTheReadingBack)
{
    for (const std::uint32_t rate : {100u, 250u, 300u, 1000u}) {
        // The last one is a host that has been up for years: jiffies * 1e9 overflows there.
        for (const std::uint64_t jiffies :
             {std::uint64_t{0}, at_boot, at_boot + 1, std::uint64_t{40'000'000'007}}) {
            const tg_clock reading = {jiffies, 123'456'789'012};
            const std::uint64_t offset = awake_offset(reading, rate);
            const std::uint64_t since_zero = in_ns(jiffies, rate);
            EXPECT_EQ(since_zero + offset, reading.awake_ns) << rate << " " << jiffies;
        }
    }
}

} // namespace
} // namespace tg::loader
