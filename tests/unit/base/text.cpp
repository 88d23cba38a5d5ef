// SPDX-License-Identifier: Apache-2.0
#include "control/base/text.h"

#include <limits>

#include <gtest/gtest.h>

#include "control/base/limits.h"

namespace tg {
namespace {

using namespace std::chrono_literals;

struct Case {
    std::string_view text;
    Duration duration;
    std::string_view canonical;
};

constexpr Case cases[] = {
    {"0", 0s, "0s"},
    {"0s", 0s, "0s"},
    {"300", 5min, "5m"},
    {"0.2", 200ms, "200ms"},
    {"1.25", 1250ms, "1s250ms"},
    {"5s", 5s, "5s"},
    {"200ms", 200ms, "200ms"},
    {"1m", 1min, "1m"},
    {"90m", 90min, "1h30m"},
    {"12h", 12h, "12h"},
    {"1d", 24h, "1d"},
    {"7d", 168h, "1w"},
    {"23h59m58s", 23h + 59min + 58s, "23h59m58s"},
    {"1w2d3h4m5s6ms", 219h + 4min + 5s + 6ms, "1w2d3h4m5s6ms"},
    {"00:05:00", 5min, "5m"},
    {"00:00:00.200", 200ms, "200ms"},
    {"23:59:58", 23h + 59min + 58s, "23h59m58s"},
    {"1d00:00:00", 24h, "1d"},
    {"1w1d01:02:03", 193h + 2min + 3s, "1w1d1h2m3s"},
    {"100:00:00", 100h, "4d4h"},
    {"35w3d13h13m56s", limit_duration, "35w3d13h13m56s"},
    {"21474836", limit_duration, "35w3d13h13m56s"},
};

TEST(Duration, IsReadInEveryFormAndPrintedInOne)
{
    for (const Case &one : cases) {
        const auto duration = parse_duration(one.text);
        ASSERT_TRUE(duration) << one.text;
        EXPECT_EQ(*duration, one.duration) << one.text;
        EXPECT_EQ(to_string(*duration), one.canonical) << one.text;
    }
}

TEST(Duration, RefusesWhatIsNoTime)
{
    for (const char *text : {"",       "s",    "5x",        "5 s",           "-5s",
                             "5s5s",   "1m1h", "1h1",       "00:60:00",      "00:00:60",
                             "00:05",  "5:",   "1:2:3:4",   "1s00:00:01",    "1.",
                             "1.2345", "1..2", "00:00:00.", "1sm",           "5S",
                             "1ms1s",  "+5",   "0x10",      "9999999999999", "1d00:00:00x"}) {
        const auto duration = parse_duration(text);
        ASSERT_FALSE(duration) << text;
        EXPECT_EQ(duration.error().message,
                  "expected a time such as 5m30s, 00:05:30 or 330 (seconds)")
            << text;
    }
}

TEST(Duration, RefusesMoreThanTheLimit)
{
    for (const char *text : {"21474837", "35w3d13h13m57s", "35w3d13h13m56s1ms", "999999999999w",
                             "36w", "999999999999", "999999999999:00:00"}) {
        const auto duration = parse_duration(text);
        ASSERT_FALSE(duration) << text;
        EXPECT_EQ(duration.error().message, "expected a time of at most 35w3d13h13m56s") << text;
    }
}

TEST(Duration, OverdueIsNoTimeLeft)
{
    EXPECT_EQ(to_string(-5s), "0s");
}

TEST(GroupThousands, PutsABlankBeforeEachThreeDigits)
{
    EXPECT_EQ(group_thousands(0), "0");
    EXPECT_EQ(group_thousands(999), "999");
    EXPECT_EQ(group_thousands(1000), "1 000");
    EXPECT_EQ(group_thousands(123456), "123 456");
    EXPECT_EQ(group_thousands(50507925242), "50 507 925 242");
    EXPECT_EQ(group_thousands(std::numeric_limits<std::uint64_t>::max()),
              "18 446 744 073 709 551 615");
}

TEST(Text, RatesAreRoundedDownToATenth)
{
    EXPECT_EQ(print_rate(0), "0bps");
    EXPECT_EQ(print_rate(9'999), "9999bps");
    EXPECT_EQ(print_rate(10'000), "10.0kbps");
    EXPECT_EQ(print_rate(12'399), "12.3kbps");
    EXPECT_EQ(print_rate(999'999), "999.9kbps");
    EXPECT_EQ(print_rate(1'000'000), "1.0Mbps");
    EXPECT_EQ(print_rate(999'999'999), "999.9Mbps");
    EXPECT_EQ(print_rate(1'000'000'000), "1.0Gbps");
    EXPECT_EQ(print_rate(std::numeric_limits<std::uint64_t>::max()), "18446744073.7Gbps");
}

TEST(Text, TimesAsScriptsSeeThem)
{
    EXPECT_EQ(print_clock(-5s), "00:00:00");
    EXPECT_EQ(print_clock(200ms), "00:00:00.200");
    EXPECT_EQ(print_clock(23h + 59min + 58s), "23:59:58");
    EXPECT_EQ(print_clock(24h), "1d00:00:00");
    EXPECT_EQ(print_clock(24h * 9 + 3h + 4min + 5s), "1w2d03:04:05");
    EXPECT_EQ(print_clock(24h * 7), "1w00:00:00");
}

} // namespace
} // namespace tg
