// SPDX-License-Identifier: Apache-2.0
#include "control/command/path.h"

#include <gtest/gtest.h>

#include "tests/unit/command/menus.h"

namespace tg {
namespace {

struct Case {
    std::string_view level;
    std::string_view text;
    std::string_view menu; // or the error
    std::string_view verb;
    char next = '\0'; // where the lexer is left
};

constexpr Case cases[] = {
    {"", "/ip firewall filter add chain=input", "/ip firewall filter", "add", ' '},
    {"", "/ip/firewall/filter/add chain=input", "/ip firewall filter", "add", ' '},
    {"", "/ip firewall/filter print", "/ip firewall filter", "print"},
    {"", "/ip/firewall filter/print", "/ip firewall filter", "print"},
    {"", "ip firewall raw", "/ip firewall raw", ""},
    {"", "/ ip firewall", "/ip firewall", ""},
    {"", "/ip/firewall/", "/ip firewall", ""},
    {"", "/ip \\\n  firewall", "/ip firewall", ""},
    {"", "/ip fire\\\n  wall", "/ip firewall", ""},
    {"", "/ip fire fil pr", "/ip firewall filter", "print"},
    {"", "/ip firewall connection tracking print", "/ip firewall connection tracking", "print"},
    {"", "/ip firewall connection print", "/ip firewall connection", "print"},
    {"", "export", "", "export"},
    {"/ip firewall", "export", "/ip firewall", "export"},
    {"/ip firewall filter", "add", "/ip firewall filter", "add"},
    {"/ip firewall filter", "/", "", ""},
    {"/ip firewall filter", "..", "/ip firewall", ""},
    {"/ip firewall filter", ".. nat", "/ip firewall nat", ""},
    {"/ip firewall filter", "../nat/print", "/ip firewall nat", "print"},
    {"/ip firewall filter", "../..", "/ip", ""},
    {"/ip", "..", "", ""},
    {"", "..", "", ""},
    {"/ip firewall filter", "/interface list print", "/interface list", "print"},
    {"/ip firewall", "filter{", "/ip firewall filter", "", '{'},
    {"/ip firewall", "{", "/ip firewall", "", '{'},
    {"/ip firewall", "# remark", "/ip firewall", ""},
};

TEST(Path, LeadsToAMenuAndPerhapsAVerb)
{
    for (const Case &one : cases) {
        Lexer lexer(one.text, "");
        const auto target = read_target(lexer, test::Menus{}, one.level);
        ASSERT_TRUE(target) << one.text << ": " << to_string(target.error());
        EXPECT_EQ(target->menu, one.menu) << one.text;
        EXPECT_EQ(target->verb.text, one.verb) << one.text;
        EXPECT_EQ(lexer.peek(), one.next) << one.text;
    }
}

TEST(Path, TellsAPathFromNothing)
{
    for (const auto &[text, written] :
         {std::pair{"", false}, {" {", false}, {"\"ip\"", false}, {"/", true}, {"..", true}}) {
        Lexer lexer(text, "");
        EXPECT_EQ(read_target(lexer, test::Menus{}, "/ip")->written, written) << text;
    }
}

TEST(Path, SaysWhichWordIsWrong)
{
    constexpr Case wrong[] = {
        {"", "xx", "bad command name xx (line 1 column 1)", ""},
        {"", "/ip xx yy", "bad command name xx (line 1 column 5)", ""},
        {"", "/ip/firewall/xx/add", "bad command name xx (line 1 column 14)", ""},
        {"", "/ip fire\\\n  xx", "bad command name firexx (line 1 column 5)", ""},
        {"", ":put 1", "bad command name :put (line 1 column 1)", ""},
        {"", "filter add", "bad command name filter (line 1 column 1)", ""},
        {"", "i", "bad command name i (line 1 column 1)", ""},
        {"/ip firewall filter", "chain=input", "bad command name chain (line 1 column 1)", ""},
        {"/ip firewall filter", "Add", "bad command name Add (line 1 column 1)", ""},
        {"/ip firewall filter", "...", "bad command name ... (line 1 column 1)", ""},
        {"", "/ip route print", "/ip route is the host's (line 1 column 5)", ""},
        {"/ip firewall", "/system/logging", "/system is the host's (line 1 column 2)", ""},
    };
    for (const Case &one : wrong) {
        Lexer lexer(one.text, "");
        const auto target = read_target(lexer, test::Menus{}, one.level);
        ASSERT_FALSE(target) << one.text;
        EXPECT_EQ(to_string(target.error()), one.menu);
    }
}

TEST(Path, RefusesWhatIsAMenuAndAVerbWhenAbbreviated)
{
    // "co" could be the menu "comments" or the verb "comment"; each is clear when written out.
    struct Both final : MenuTree {
        [[nodiscard]] std::string child(std::string_view, std::string_view word) const override
        {
            return std::string_view("comments").starts_with(word) ? "comments" : "";
        }
        [[nodiscard]] std::string verb(std::string_view, std::string_view word) const override
        {
            return std::string_view("comment").starts_with(word) ? "comment" : "";
        }
        [[nodiscard]] std::string host_menu(std::string_view) const override
        {
            return {};
        }
    };
    Lexer abbreviated("co", "");
    EXPECT_EQ(to_string(read_target(abbreviated, Both{}, "").error()),
              "ambiguous command name co: expected comments or comment (line 1 column 1)");
    Lexer verb("comment", "");
    EXPECT_EQ(read_target(verb, Both{}, "")->verb.text, "comment");
    Lexer menu("comments", "");
    EXPECT_EQ(read_target(menu, Both{}, "")->menu, "/comments");
}

} // namespace
} // namespace tg
