// SPDX-License-Identifier: Apache-2.0
#include "control/command/parser.h"

#include <gtest/gtest.h>

#include "tests/unit/command/menus.h"

namespace tg {
namespace {

using test::outline;

struct Case {
    std::string_view name;
    std::string_view script;
    std::string_view outline;
};

class Script : public testing::TestWithParam<Case> {};

TEST_P(Script, Means)
{
    EXPECT_EQ(outline(GetParam().script), GetParam().outline);
}

std::string name_of(const testing::TestParamInfo<Case> &info)
{
    return std::string(info.param.name);
}

constexpr Case levels[] = {
    {"Nothing", "", "level "},
    {"OnlyComments", "# a\n\n  # b \\\n;;\n", "level "},
    {"PathThenVerbs", "/ip firewall filter\nadd chain=input\nadd chain=forward",
     "/ip firewall filter|\n/ip firewall filter|add|chain=input\n"
     "/ip firewall filter|add|chain=forward\nlevel /ip firewall filter"},
    {"FullPathDoesNotMove", "/ip firewall filter\n/ip firewall raw add a=b\nadd c=d",
     "/ip firewall filter|\n/ip firewall raw|add|a=b\n/ip firewall filter|add|c=d\n"
     "level /ip firewall filter"},
    {"RelativePathWithVerbDoesNotMove", "/ip firewall\nfilter add a=b\nraw add c=d",
     "/ip firewall|\n/ip firewall filter|add|a=b\n/ip firewall raw|add|c=d\nlevel /ip firewall"},
    {"RelativePathAloneMoves", "/ip\nfirewall\nfilter\nprint",
     "/ip|\n/ip firewall|\n/ip firewall filter|\n/ip firewall filter|print\n"
     "level /ip firewall filter"},
    {"UpAndRoot", "/ip firewall filter\n..\n/\nexport",
     "/ip firewall filter|\n/ip firewall|\n|\n|export\nlevel "},
    {"UpAndCommand", "/ip firewall filter\n.. raw print",
     "/ip firewall filter|\n/ip firewall raw|print\nlevel /ip firewall filter"},
    {"SlashStyle", "/ip/firewall/filter\nadd a=b\n/ip/firewall/raw/add c=d",
     "/ip firewall filter|\n/ip firewall filter|add|a=b\n/ip firewall raw|add|c=d\n"
     "level /ip firewall filter"},
    {"Semicolons", "/ip firewall filter; add a=b;add c=d ;; print",
     "/ip firewall filter|\n/ip firewall filter|add|a=b\n/ip firewall filter|add|c=d\n"
     "/ip firewall filter|print\nlevel /ip firewall filter"},
    {"CarriageReturnLineFeed", "/ip firewall filter\r\nadd a=b \\\r\n    c=d\r\nprint\r\n",
     "/ip firewall filter|\n/ip firewall filter|add|a=b|c=d\n/ip firewall filter|print\n"
     "level /ip firewall filter"},
    {"CarriageReturn", "/ip firewall filter\radd a=b\rprint",
     "/ip firewall filter|\n/ip firewall filter|add|a=b\n/ip firewall filter|print\n"
     "level /ip firewall filter"},
    {"ExportAnywhere", "export\n/ip firewall export\n/ip firewall filter export where chain=input",
     "|export\n/ip firewall|export\n/ip firewall filter|export|where\nlevel "},
};
INSTANTIATE_TEST_SUITE_P(Levels, Script, testing::ValuesIn(levels), name_of);

constexpr Case blocks[] = {
    {"AfterAPath", "/ip firewall filter { add a=b; add c=d }\nexport",
     "/ip firewall filter|add|a=b\n/ip firewall filter|add|c=d\n|export\nlevel "},
    {"OfSeveralMenus", "/ip firewall {\n  filter add a=b\n  raw add c=d\n}",
     "/ip firewall filter|add|a=b\n/ip firewall raw|add|c=d\nlevel "},
    {"LevelIsLocal", "/ip firewall\n{\nfilter\nadd a=b\n}\nraw print",
     "/ip firewall|\n/ip firewall filter|\n/ip firewall filter|add|a=b\n/ip firewall raw|print\n"
     "level /ip firewall"},
    {"Nested", "/ip { firewall { filter { add a=b } ; raw{print}; } }",
     "/ip firewall filter|add|a=b\n/ip firewall raw|print\nlevel "},
    {"AbsoluteInside", "/ip firewall { /interface list print }", "/interface list|print\nlevel "},
    {"Empty", "{}; /ip firewall {\n}", "level "},
    {"SlashStyle", "/ip/firewall/filter{print}", "/ip firewall filter|print\nlevel "},
};
INSTANTIATE_TEST_SUITE_P(Blocks, Script, testing::ValuesIn(blocks), name_of);

constexpr Case arguments[] = {
    {"Named", "/ip firewall filter add chain=input connection-state=!invalid",
     "/ip firewall filter|add|chain=input|connection-state=!invalid\nlevel "},
    {"Quoted", R"(/ip firewall filter add comment="a \"b\" # ; }" x=1)",
     "/ip firewall filter|add|comment=a \"b\" # ; }|x=1\nlevel "},
    {"EmptyValues", R"(/ip firewall filter set 0 comment="" x=)",
     "/ip firewall filter|set|0|comment=|x=\nlevel "},
    {"Positional", "/ip firewall filter set 0,1,*1A disabled=yes",
     "/ip firewall filter|set|0,1,*1A|disabled=yes\nlevel "},
    {"PositionalQuoted", "/ip firewall filter comment 0 \"a b\"",
     "/ip firewall filter|comment|0|a b\nlevel "},
    {"ByName", "/ip firewall service-port set ftp ports=21,2121",
     "/ip firewall service-port|set|ftp|ports=21,2121\nlevel "},
    {"Flags", "/ip firewall connection print count-only interval=1 without-paging",
     "/ip firewall connection|print|count-only|interval=1|without-paging\nlevel "},
    {"Unset", "/ip firewall filter set 0 !port !nth protocol=udp",
     "/ip firewall filter|set|0|!port|!nth|protocol=udp\nlevel "},
    {"NegatedQuoted", "/ip firewall filter add in-interface-list=!\"my list\"",
     "/ip firewall filter|add|in-interface-list=!my list\nlevel "},
    {"BlankAfterEquals", "/ip firewall filter add a= b c=\\\n  d",
     "/ip firewall filter|add|a=b|c=d\nlevel "},
    {"HashInsideAValue", "/ip firewall filter add comment=#x # y",
     "/ip firewall filter|add|comment=#x\nlevel "},
    {"CommentInsteadOfAValue", "/ip firewall filter add comment= # y",
     "/ip firewall filter|add|comment=\nlevel "},
    {"ContinuedInsideAValue",
     "/ip firewall filter add connection-state=established,rel\\\n"
     "    ated comment=\"a \\\n    b\"",
     "/ip firewall filter|add|connection-state=established,related|comment=a b\nlevel "},
    {"ContinuedAfterEquals", "/ip firewall filter add comment=\\\n    \"a b\" chain=\\\n    input",
     "/ip firewall filter|add|comment=a b|chain=input\nlevel "},
    {"ContinuedThenComment", "/ip firewall filter add chain=input \\\n# remark\nprint",
     "bad command name print (line 3 column 1)"},
    {"CommentAfterCommand", "/ip firewall filter print # all of them; really",
     "/ip firewall filter|print\nlevel "},
    {"TwiceTheSame", "/ip firewall filter add a=1 a=2", "/ip firewall filter|add|a=1|a=2\nlevel "},
    {"WhereAsAName", "/ip firewall filter print where=x",
     "/ip firewall filter|print|where=x\nlevel "},
};
INSTANTIATE_TEST_SUITE_P(Arguments, Script, testing::ValuesIn(arguments), name_of);

constexpr Case substitutions[] = {
    {"FindAll", "/ip firewall connection remove [find]",
     "/ip firewall connection|remove|[/ip firewall connection|find]\nlevel "},
    {"FindTerms", R"(/ip firewall connection remove [find dst-address~"203.0.113.50"])",
     "/ip firewall connection|remove|[/ip firewall connection|find|where]\nlevel "},
    {"FindWhere", "/ip firewall filter set [ find where chain=input ] disabled=yes",
     "/ip firewall filter|set|[/ip firewall filter|find|where]|disabled=yes\nlevel "},
    {"OverLines", "/ip firewall filter remove [\n  find # all\n  chain=input\n]",
     "/ip firewall filter|remove|[/ip firewall filter|find|where]\nlevel "},
    {"Named", "/ip firewall filter move numbers=[find] destination=0",
     "/ip firewall filter|move|numbers=[/ip firewall filter|find]|destination=0\nlevel "},
    {"Elsewhere", "/ip firewall filter remove [/ip firewall raw find]",
     "/ip firewall filter|remove|[/ip firewall raw|find]\nlevel "},
    {"Relative", "/ip firewall filter remove [../raw/find]",
     "/ip firewall filter|remove|[/ip firewall raw|find]\nlevel "},
    {"Nested", "/ip firewall filter set [print from=[find a=b]] c=d",
     "/ip firewall filter|set|[/ip firewall filter|print|from=[/ip firewall "
     "filter|find|where]]|c=d\nlevel "},
};
INSTANTIATE_TEST_SUITE_P(Substitutions, Script, testing::ValuesIn(substitutions), name_of);

TEST(Parser, StartsAtTheLevelGivenAndLeavesTheOneReached)
{
    std::string level = "/ip firewall filter";
    const auto commands = parse_script("add a=b\n.. raw\nprint", test::Menus{}, level);
    ASSERT_TRUE(commands);
    ASSERT_EQ(commands->size(), 3U);
    EXPECT_EQ(commands->at(0).menu, "/ip firewall filter");
    EXPECT_EQ(commands->at(2).menu, "/ip firewall raw");
    EXPECT_EQ(level, "/ip firewall raw");
}

TEST(Parser, LeavesTheLevelAloneOnAnError)
{
    std::string level = "/ip firewall filter";
    EXPECT_FALSE(parse_script("/ip\nxx", test::Menus{}, level));
    EXPECT_EQ(level, "/ip firewall filter");
}

TEST(Parser, PlacesEveryWord)
{
    std::string level;
    const auto commands = parse_script("# x\n  /ip firewall filter add chain=input \\\n"
                                       "    !log numbers=[find a=\"b\"]",
                                       test::Menus{}, level, "rules.rsc");
    ASSERT_TRUE(commands);
    const Command &add = commands->at(0);
    EXPECT_EQ(add.verb.position, (Position{"rules.rsc", 2, 23}));
    EXPECT_EQ(add.arguments[0].name.position, (Position{"rules.rsc", 2, 27}));
    EXPECT_EQ(add.arguments[0].value.position, (Position{"rules.rsc", 2, 33}));
    EXPECT_EQ(add.arguments[1].name.position, (Position{"rules.rsc", 3, 5}));
    EXPECT_EQ(add.arguments[2].value.position, (Position{"rules.rsc", 3, 18}));
    const Command &find = *add.arguments[2].substitution;
    EXPECT_EQ(find.verb.position, (Position{"rules.rsc", 3, 19}));
    EXPECT_EQ(find.where->properties().at(0).second, (Position{"rules.rsc", 3, 24}));
}

TEST(Parser, TellsQuotedFromBare)
{
    std::string level;
    const auto commands =
        parse_script("/ip firewall filter add a=yes b=\"yes\" 1 \"2\"", test::Menus{}, level);
    ASSERT_TRUE(commands);
    const auto &arguments_read = commands->at(0).arguments;
    EXPECT_FALSE(arguments_read[0].value.quoted);
    EXPECT_TRUE(arguments_read[1].value.quoted);
    EXPECT_FALSE(arguments_read[2].value.quoted);
    EXPECT_TRUE(arguments_read[3].value.quoted);
}

} // namespace
} // namespace tg
