// SPDX-License-Identifier: Apache-2.0
#include "control/command/incomplete.h"

#include <gtest/gtest.h>

namespace tg {
namespace {

constexpr std::string_view incomplete[] = {
    "add chain=input \\",     "\\",
    "add chain=in\\",         "add chain=input \\\n    action=drop \\",
    "add comment=\"two",      "add comment=\"two\nlines",
    "add comment=\"a \\\" b", "add comment=\"a \\",
    "/ip firewall {",         "/ip firewall { filter { add chain=input }",
    "remove [find",           "print where (a or b",
    "{ # a comment }",
};

constexpr std::string_view complete[] = {
    "",
    "print",
    "print\n",
    "add chain=input \\\n    action=drop",
    "add comment=\"two\nlines\"",
    "add comment=\"{ [ (\"",
    "add comment=\"a \\\\\"",
    "/ip firewall { filter { add chain=input } }",
    "remove [find]",
    "remove [find]]",
    "# a comment { \"",
    "# a comment \\",
    "print # \"",
    "add comment=#x",
};

TEST(Incomplete, GoesOnOnTheNextLine)
{
    for (const std::string_view text : incomplete) {
        EXPECT_TRUE(is_incomplete(text)) << text;
    }
}

TEST(Incomplete, EndsHere)
{
    for (const std::string_view text : complete) {
        EXPECT_FALSE(is_incomplete(text)) << text;
    }
}

} // namespace
} // namespace tg
