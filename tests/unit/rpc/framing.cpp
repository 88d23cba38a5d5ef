// SPDX-License-Identifier: Apache-2.0
// Lines out of a byte stream, however it is cut.
#include "control/rpc/framing.h"

#include <gtest/gtest.h>

namespace tg::rpc {
namespace {

std::vector<std::string> lines(LineReader &reader)
{
    std::vector<std::string> all;
    while (const std::optional<Line> line = reader.next()) {
        all.push_back(line->too_long ? "<too long>" : line->text);
    }
    return all;
}

using Lines = std::vector<std::string>;

TEST(Framing, GivesWholeLinesOnly)
{
    LineReader reader(100);
    reader.feed("one\ntw");
    EXPECT_EQ(lines(reader), Lines{"one"});
    reader.feed("o");
    EXPECT_EQ(lines(reader), Lines{});
    reader.feed("\n\nthree\n");
    EXPECT_EQ(lines(reader), (Lines{"two", "", "three"}));
}

TEST(Framing, ByteByByteIsTheSame)
{
    LineReader reader(5);
    Lines all;
    for (const char c : std::string("ab\n12345\n123456\n\nxyz\n")) {
        reader.feed({&c, 1});
        for (const std::string &line : lines(reader)) {
            all.push_back(line);
        }
    }
    EXPECT_EQ(all, (Lines{"ab", "12345", "<too long>", "", "xyz"}));
}

TEST(Framing, AtTheLimitAndOnePastIt)
{
    LineReader reader(4);
    reader.feed("1234\n12345\nok\n");
    EXPECT_EQ(lines(reader), (Lines{"1234", "<too long>", "ok"}));
}

TEST(Framing, EndlessLineIsReportedOnceAndForgotten)
{
    LineReader reader(10);
    Lines all;
    for (int i = 0; i < 1000; i++) {
        reader.feed(std::string(1000, 'x'));
        for (const std::string &line : lines(reader)) {
            all.push_back(line);
        }
    }
    EXPECT_EQ(all, Lines{"<too long>"});
    reader.feed("\nnext\n");
    EXPECT_EQ(lines(reader), Lines{"next"});
}

TEST(Framing, CutsBetweenCharacters)
{
    EXPECT_EQ(whole_characters("abc", 3), 3u);
    EXPECT_EQ(whole_characters("abcd", 3), 3u);
    EXPECT_EQ(whole_characters("ab\xc3\xa4", 3), 2u); // ä
    EXPECT_EQ(whole_characters("a\xe2\x82\xac"
                               "b",
                               3),
              1u); // €
    EXPECT_EQ(whole_characters("a\xe2\x82\xac"
                               "b",
                               4),
              4u);
    EXPECT_EQ(whole_characters("\xf0\x9f\x98\x80z", 4), 4u);
    EXPECT_EQ(whole_characters("x\xf0\x9f\x98\x80", 4), 1u);
}

TEST(Framing, CutsSomewhereInWhatIsNoText)
{
    EXPECT_EQ(whole_characters("\x80\x80\x80\x80\x80\x80", 4), 4u);
    EXPECT_EQ(whole_characters("\x80\x80", 1), 1u);
    EXPECT_EQ(whole_characters("", 1), 0u);
}

} // namespace
} // namespace tg::rpc
