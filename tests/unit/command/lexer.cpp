// SPDX-License-Identifier: Apache-2.0
#include "control/command/lexer.h"

#include <gtest/gtest.h>

namespace tg {
namespace {

TEST(Lexer, SeesEveryLineEndAlikeAndCountsThem)
{
    Lexer lexer("a\nb\r\nc\rd", "");
    const Position places[] = {{"", 1, 1}, {"", 1, 2}, {"", 2, 1}, {"", 2, 2},
                               {"", 3, 1}, {"", 3, 2}, {"", 4, 1}};
    std::string seen;
    for (const Position &place : places) {
        EXPECT_EQ(lexer.position(), place);
        seen += lexer.peek();
        lexer.take();
    }
    EXPECT_EQ(seen, "a\nb\nc\nd");
    EXPECT_EQ(lexer.peek(), '\0');
    lexer.take();
    EXPECT_EQ(lexer.peek(), '\0');
}

TEST(Lexer, NeverShowsAContinuation)
{
    for (const char *text : {"ab", "a\\\nb", "a\\\r\nb", "a\\\rb", "a\\\n  \tb", "a\\\n \\\n  b"}) {
        Lexer lexer(text, "");
        EXPECT_EQ(lexer.peek_second(), 'b') << text;
        lexer.take();
        EXPECT_EQ(lexer.peek(), 'b') << text;
    }
    Lexer leading("\\\n  x", "");
    EXPECT_EQ(leading.peek(), 'x');
    EXPECT_EQ(leading.position(), (Position{"", 2, 3}));
}

TEST(Lexer, KeepsABackslashThatContinuesNothing)
{
    EXPECT_EQ(Lexer("\\", "").peek(), '\\');
    EXPECT_EQ(Lexer("\\ \nx", "").peek(), '\\');
}

TEST(Lexer, IgnoresAByteOrderMark)
{
    Lexer lexer("\xEF\xBB\xBFx", "a.rsc");
    EXPECT_EQ(lexer.peek(), 'x');
    EXPECT_EQ(lexer.position(), (Position{"a.rsc", 1, 1}));
}

TEST(Lexer, SkipsCommentsButContinuesNone)
{
    Lexer lexer(" \t# no \\\nx # y", "");
    EXPECT_TRUE(lexer.skip_blanks());
    EXPECT_EQ(lexer.peek(), '\n');
    lexer.skip_separators();
    EXPECT_EQ(lexer.peek(), 'x');
    lexer.take();
    EXPECT_TRUE(lexer.at_command_end());
    EXPECT_EQ(lexer.peek(), '\0');
    EXPECT_FALSE(lexer.skip_blanks());
}

struct StringCase {
    std::string_view source;
    std::string_view text;
};

constexpr StringCase strings[] = {
    {R"("")", ""},
    {R"("drop invalid")", "drop invalid"},
    {R"("# ; { } [ ] ( ) =")", "# ; { } [ ] ( ) ="},
    {R"("\"\\\$\?\_")", "\"\\$? "},
    {R"("\n\r\t\a\b\f\v")", "\n\r\t\a\b\f\v"},
    {R"("\41\C3\A9")", "A\xC3\xA9"},
    {R"("\AB")", "\xAB"},
    {"\"caf\xC3\xA9\"", "caf\xC3\xA9"},
    {"\"a\\\n    b\"", "ab"},
    {"\"a \\\r\n\tb\"", "a b"},
    {"\"a\\\\\\\n b\"", "a\\b"},
    {"\"a\nb\r\nc\rd\"", "a\nb\nc\nd"},
    {"\"a\tb\"", "a\tb"},
    {R"("10.0.0.1$")", "10.0.0.1$"},
    {R"("$ 5")", "$ 5"},
};

TEST(Lexer, UndoesQuotesAndEscapes)
{
    for (const StringCase &one : strings) {
        Lexer lexer(one.source, "");
        const auto word = lexer.value();
        ASSERT_TRUE(word) << one.source << ": " << to_string(word.error());
        EXPECT_EQ(word->text, one.text) << one.source;
        EXPECT_TRUE(word->quoted);
        EXPECT_EQ(lexer.peek(), '\0') << one.source;
    }
}

TEST(Lexer, SaysWhereAStringIsWrong)
{
    constexpr StringCase wrong[] = {
        {R"("abc)", "syntax error: string without closing quote (line 1 column 1)"},
        {R"("abc\")", "syntax error: string without closing quote (line 1 column 1)"},
        {R"("ab$c")", "syntax error: variables are not supported, write \\$ for a dollar sign "
                      "(line 1 column 4)"},
        {"\"a\x01\"", "syntax error: control character in a string, write it as \\XX "
                      "(line 1 column 3)"},
    };
    for (const StringCase &one : wrong) {
        const auto word = Lexer(one.source, "").value();
        ASSERT_FALSE(word) << one.source;
        EXPECT_EQ(to_string(word.error()), one.text);
    }
    for (const char *text : {R"("a\.b")", R"("a\4")", R"("a\4g")", R"("a\ab\cd")", R"("a\00")"}) {
        const auto word = Lexer(text, "").value();
        ASSERT_FALSE(word) << text;
        EXPECT_TRUE(word.error().message.starts_with("syntax error: expected one of")) << text;
    }
}

TEST(Lexer, ReadsUnquotedValues)
{
    constexpr StringCase values[] = {
        {"established,related x", "established,related"},
        {"!10.0.0.0/8", "!10.0.0.0/8"},
        {"*1A", "*1A"},
        {"a#b # c", "a#b"},
        {"a=b", "a"},
        {"a;b", "a"},
        {"a]b", "a"},
        {"8:00-17:30,mon~+@%_", "8:00-17:30,mon~+@%_"},
        {"est\\\n    ablished", "established"},
        {"!\"my list\"", "!my list"},
        {"caf\xC3\xA9", "caf\xC3\xA9"},
        {"a\"b\"", "a"},
        {"$x", ""},
        {"", ""},
    };
    for (const StringCase &one : values) {
        const auto word = Lexer(one.source, "").value();
        ASSERT_TRUE(word) << one.source;
        EXPECT_EQ(word->text, one.text) << one.source;
        EXPECT_FALSE(word->quoted) << one.source;
    }
}

TEST(Lexer, TakesLineEndsAsBlanksInsideBracketsOnly)
{
    Lexer lexer("[\n ] \n;", "");
    const Position opened = lexer.position();
    ASSERT_TRUE(lexer.open());
    EXPECT_TRUE(lexer.skip_blanks());
    EXPECT_TRUE(lexer.at_command_end());
    ASSERT_TRUE(lexer.close(']', opened));
    EXPECT_TRUE(lexer.skip_blanks());
    EXPECT_EQ(lexer.peek(), '\n');
    EXPECT_TRUE(lexer.at_command_end());
}

TEST(Lexer, SaysWhichBracketIsOpen)
{
    Lexer lexer("( x", "");
    const Position opened = lexer.position();
    ASSERT_TRUE(lexer.open());
    EXPECT_EQ(to_string(lexer.close(')', opened).error()),
              "syntax error: expected closing parenthesis (line 1 column 3)");
    lexer.take();
    EXPECT_EQ(to_string(lexer.close(')', opened).error()),
              "syntax error: no closing parenthesis for this (line 1 column 1)");
}

} // namespace
} // namespace tg
