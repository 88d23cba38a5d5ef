// SPDX-License-Identifier: Apache-2.0
// Every way a script can be wrong, with the exact words and the place.
#include <gtest/gtest.h>

#include "tests/unit/command/menus.h"

namespace tg {
namespace {

struct Case {
    std::string_view script; // from the menu /ip firewall filter
    std::string_view error;
};

constexpr Case cases[] = {
    {"xx", "bad command name xx (line 1 column 1)"},
    {"\n  xx yy", "bad command name xx (line 2 column 3)"},
    {"add; xx", "bad command name xx (line 1 column 6)"},
    {"add chain=input xx=(", "syntax error: variables and expressions are not supported "
                             "(line 1 column 20)"},
    {"add chain=$x", "syntax error: variables and expressions are not supported "
                     "(line 1 column 11)"},
    {"add chain={x}", "syntax error: expected a value (line 1 column 11)"},
    {"add chain==x", "syntax error: expected a value (line 1 column 11)"},
    {"add gateway = 1", "expected end of command (line 1 column 13)"},
    {"add chain=a=b", "expected end of command (line 1 column 12)"},
    {"add chain=a\\\n  b=c", "expected end of command (line 2 column 4)"},
    {"add chain=\"a\"b", "expected end of command (line 1 column 14)"},
    {"add chain=a\"b\"", "expected end of command (line 1 column 12)"},
    {"add \"chain\"=a", "expected end of command (line 1 column 12)"},
    {"add =a", "expected end of command (line 1 column 5)"},
    {"add (1)", "expected end of command (line 1 column 5)"},
    {"add { print }", "expected end of command (line 1 column 5)"},
    {"add chain=a)", "expected end of command (line 1 column 12)"},
    {"add chain=a]", "expected end of command (line 1 column 12)"},
    {"add ] chain=a", "expected end of command (line 1 column 5)"},
    {"add !chain=a", "expected end of command (line 1 column 11)"},
    {"add !", "expected end of command (line 1 column 5)"},
    {"add\\", "expected end of command (line 1 column 4)"},
    {"add chain=a \\", "expected end of command (line 1 column 13)"},
    {"add chain=a \\ \n b=c", "expected end of command (line 1 column 13)"},
    {"add\x01", "expected end of command (line 1 column 4)"},
    {"add chain=a&b", "expected end of command (line 1 column 12)"},
    {"print/", "expected end of command (line 1 column 6)"},
    {"/ip firewall=x", "expected end of command (line 1 column 13)"},
    {"/ip /firewall", "expected end of command (line 1 column 5)"},
    {"/ip firewall \"filter\"", "expected end of command (line 1 column 14)"},
    {"\"print\"", "syntax error (line 1 column 1)"},
    {"=", "syntax error (line 1 column 1)"},
    {"[find]", "syntax error (line 1 column 1)"},
    {"\\", "syntax error (line 1 column 1)"},
    {"print }", "syntax error (line 1 column 7)"},
    {"}", "syntax error (line 1 column 1)"},
    {"$x", "syntax error (line 1 column 1)"},
    {"{ print", "syntax error: no closing brace for this (line 1 column 1)"},
    {"{ print } print", "expected end of command (line 1 column 11)"},
    {"/ip firewall { filter {\nprint }\n",
     "syntax error: no closing brace for this (line 1 column 14)"},
    {"add comment=\"abc\nprint", "syntax error: string without closing quote (line 1 column 13)"},
    {"remove [find", "syntax error: no closing bracket for this (line 1 column 8)"},
    {"remove [find;]", "expected end of command (line 1 column 13)"},
    {"remove [print;]", "expected end of command (line 1 column 14)"},
    {"remove []", "syntax error: expected a command (line 1 column 9)"},
    {"remove [..]", "syntax error: expected a command (line 1 column 11)"},
    {"remove [xx]", "bad command name xx (line 1 column 9)"},
    {"remove [find]x", "expected end of command (line 1 column 14)"},
    {"remove x=[find chain=a", "syntax error: no closing bracket for this (line 1 column 10)"},
    {"remove where chain=a", "expected end of command (line 1 column 8)"},
    {"add chain=a where chain=b", "expected end of command (line 1 column 13)"},
    {"print where", "syntax error: expected a property (line 1 column 12)"},
    {"print where chain=", "syntax error: expected a value (line 1 column 19)"},
    {"print where chain=a;b", "bad command name b (line 1 column 21)"},
    {"print where =a", "syntax error: expected a property (line 1 column 13)"},
    {"print where and chain=a", "syntax error: expected a property (line 1 column 13)"},
    {"print where chain=a and", "syntax error: expected a property (line 1 column 24)"},
    {"print where chain=a or", "syntax error: expected a property (line 1 column 23)"},
    {"print where chain=a & b", "expected end of command (line 1 column 21)"},
    {"print where !", "syntax error: expected a property (line 1 column 14)"},
    {"print where (chain=a", "syntax error: no closing parenthesis for this (line 1 column 13)"},
    {"print where (chain=a]", "syntax error: expected closing parenthesis (line 1 column 21)"},
    {"print where chain=a)", "expected end of command (line 1 column 20)"},
    {"print where ()", "syntax error: expected a property (line 1 column 14)"},
    {"print where (a)=maybe", "expected yes or no (line 1 column 17)"},
    {"print where (a)=", "syntax error: expected a value (line 1 column 17)"},
    {"print where chain=$x", "syntax error: expected a value (line 1 column 19)"},
    {"print where a in 10.0.0.0/33", "expected an address, prefix or range such as "
                                     "192.0.2.0/24 (line 1 column 18)"},
    {"print where a in", "syntax error: expected a value (line 1 column 17)"},
    {"print where chain~\"[\"", "expected a regular expression: missing ]: [ (line 1 column 19)"},
    {"print where chain~\"a\\.b\"", "syntax error: expected one of \\\" \\\\ \\$ \\? \\_ \\n \\r "
                                    "\\t \\a \\b \\f \\v or two capital "
                                    "hexadecimal digits after the backslash (line 1 column 21)"},
    {"/ip route print", "/ip route is the host's (line 1 column 5)"},
    {"/system/logging add", "/system is the host's (line 1 column 2)"},
};

TEST(ScriptError, HasItsWordsAndItsPlace)
{
    for (const Case &one : cases) {
        EXPECT_EQ(test::outline(one.script, "/ip firewall filter"), one.error) << one.script;
    }
}

TEST(ScriptError, NamesTheFile)
{
    std::string level;
    const auto commands = parse_script("\nxx", test::Menus{}, level, "rules.rsc");
    ASSERT_FALSE(commands);
    EXPECT_EQ(to_string(commands.error()), "rules.rsc:2:1: bad command name xx");
}

TEST(ScriptError, FindsANulCharacter)
{
    std::string level;
    const auto commands = parse_script(std::string_view("\r\n ab\0", 6), test::Menus{}, level);
    ASSERT_FALSE(commands);
    EXPECT_EQ(to_string(commands.error()), "syntax error: NUL character (line 2 column 4)");
}

} // namespace
} // namespace tg
