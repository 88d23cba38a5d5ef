// SPDX-License-Identifier: Apache-2.0
#include "loader/confirm.h"

#include <ctime>

#include <gtest/gtest.h>

namespace tg::loader {
namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;

std::uint64_t now_ns()
{
    struct timespec now = {};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * second_ns +
           static_cast<std::uint64_t>(now.tv_nsec);
}

TEST(Pending, SurvivesTheFile)
{
    const Pending pending = {.pid = 4242,
                             .started = 99,
                             .deadline_ns = 1'000'000'000'007,
                             .interfaces = {3, 2},
                             .everything = true};
    EXPECT_EQ(parse_pending(to_json(pending)), pending);
}

TEST(Pending, RefusesWhatIsNotOne)
{
    for (const char *text : {"", "1234", "{}", R"({"pid":1})", "[1,2]"}) {
        EXPECT_FALSE(parse_pending(text)) << text;
    }
}

TEST(Pending, CountsEveryBegunSecond)
{
    EXPECT_EQ(seconds_left({.deadline_ns = 0}), 0u);
    EXPECT_EQ(seconds_left({.deadline_ns = now_ns()}), 0u);
    EXPECT_EQ(seconds_left({.deadline_ns = now_ns() + 10 * second_ns}), 10u);
    EXPECT_EQ(seconds_left({.deadline_ns = now_ns() + second_ns / 2}), 1u);
}

TEST(Pending, IsNothingWhereNoInstanceIs)
{
    EXPECT_EQ(read_pending(*Instance::named("no-such-instance")), std::nullopt);
}

} // namespace
} // namespace tg::loader
