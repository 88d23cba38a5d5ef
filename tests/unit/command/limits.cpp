// SPDX-License-Identifier: Apache-2.0
// Each bound of the command language at its edge and one past it.
#include "control/base/limits.h"

#include <gtest/gtest.h>

#include "tests/unit/command/menus.h"

namespace tg {
namespace {

std::string repeat(std::string_view text, std::size_t count)
{
    std::string all;
    for (std::size_t index = 0; index < count; ++index) {
        all += text;
    }
    return all;
}

// The error, or "" if the script is read.
std::string error_of(const std::string &script)
{
    std::string level = "/ip firewall filter";
    const auto commands = parse_script(script, test::Menus{}, level);
    return commands ? "" : to_string(commands.error());
}

TEST(Limit, ScriptBytes)
{
    const std::string line = "# " + std::string(1021, 'x') + "\n";
    std::string script = repeat(line, limit_script_bytes / line.size());
    script.append(limit_script_bytes - script.size(), '\n');
    EXPECT_EQ(error_of(script), "");
    EXPECT_EQ(error_of(script + "\n"),
              "expected a script of at most 16777216 bytes (line 1 column 1)");
}

TEST(Limit, LineBytes)
{
    const std::string longest = "#" + std::string(limit_line_bytes - 1, 'x');
    for (const char *end : {"", "\n", "\r", "\r\n"}) {
        EXPECT_EQ(error_of("print\n" + longest + end), "");
        EXPECT_EQ(error_of("print\n" + longest + "x" + end),
                  "expected lines of at most 65536 bytes (line 2 column 65537)");
    }
    EXPECT_EQ(error_of(longest + "\n" + longest), "");
}

TEST(Limit, Commands)
{
    EXPECT_EQ(error_of(repeat("add;\n", limit_commands)), "");
    EXPECT_EQ(error_of(repeat("add;\n", limit_commands) + "add"),
              "expected at most 131072 commands (line 131073 column 1)");
}

TEST(Limit, Arguments)
{
    EXPECT_EQ(error_of("add" + repeat(" a", limit_arguments)), "");
    EXPECT_EQ(error_of("add" + repeat(" a", limit_arguments) + " b"),
              "expected at most 256 arguments (line 1 column 517)");
}

TEST(Limit, NestingOfEveryKind)
{
    const auto blocks = [](std::size_t depth) {
        return repeat("{", depth) + "print" + repeat("}", depth);
    };
    EXPECT_EQ(error_of(blocks(limit_nesting)), "");
    EXPECT_EQ(error_of(blocks(limit_nesting + 1)),
              "syntax error: nested deeper than 32 levels (line 1 column 33)");

    const auto parentheses = [](std::size_t depth) {
        return "print where " + repeat("(", depth) + "a" + repeat(")", depth);
    };
    EXPECT_EQ(error_of(parentheses(limit_nesting)), "");
    EXPECT_EQ(error_of(parentheses(limit_nesting + 1)),
              "syntax error: nested deeper than 32 levels (line 1 column 45)");

    const auto substitutions = [](std::size_t depth) {
        return "print " + repeat("[print ", depth) + repeat("]", depth);
    };
    EXPECT_EQ(error_of(substitutions(limit_nesting)), "");
    EXPECT_EQ(error_of(substitutions(limit_nesting + 1)),
              "syntax error: nested deeper than 32 levels (line 1 column 231)");

    // All kinds count together, and closing one makes room again.
    EXPECT_EQ(error_of(repeat("{", limit_nesting - 2) + "print [find (a)] [find (a)]" +
                       repeat("}", limit_nesting - 2)),
              "");
    EXPECT_EQ(error_of(repeat("{", limit_nesting - 1) + "print [find (a)]"),
              "syntax error: nested deeper than 32 levels (line 1 column 44)");
    EXPECT_EQ(error_of(repeat("{print}\n", 2 * limit_nesting)), "");
}

TEST(Limit, NegationsAreNotNesting)
{
    EXPECT_EQ(error_of("print where " + repeat("!", 60000) + "a"), "");
}

TEST(Limit, ConditionTerms)
{
    EXPECT_EQ(error_of("print where" + repeat(" a", limit_condition_terms)), "");
    EXPECT_EQ(error_of("print where" + repeat(" a", limit_condition_terms) + " b"),
              "expected at most 256 terms in a condition (line 1 column 525)");
    EXPECT_EQ(error_of("print where a" + repeat(" or a", limit_condition_terms)),
              "expected at most 256 terms in a condition (line 1 column 1293)");
}

TEST(Limit, RegexBytesAndMemory)
{
    const auto regex = [](const std::string &text) { return error_of("print where a~\"" + text); };
    EXPECT_EQ(regex(std::string(limit_regex_bytes, 'x') + "\""), "");
    EXPECT_EQ(regex(std::string(limit_regex_bytes + 1, 'x') + "\""),
              "expected a regular expression of at most 1024 bytes (line 1 column 15)");
    EXPECT_EQ(regex("(x{100}){10}\""), "");
    EXPECT_EQ(regex("(\\\\pL{100}){10}\""),
              "expected a regular expression: pattern too large - compile failed "
              "(line 1 column 15)");
}

} // namespace
} // namespace tg
