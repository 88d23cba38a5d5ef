// SPDX-License-Identifier: Apache-2.0
#include "control/command/quote.h"

#include <rapidcheck.h>

#include <gtest/gtest.h>

#include "control/command/lexer.h"

namespace tg {
namespace {

TEST(Quote, LeavesPlainWordsAlone)
{
    for (const char *text : {"input", "10.0.0.0/8", "!established,related", "*1A", "00:05:00"}) {
        EXPECT_EQ(quote_if_needed(text), text);
    }
}

TEST(Quote, QuotesEverythingElse)
{
    EXPECT_EQ(quote_if_needed(""), R"("")");
    EXPECT_EQ(quote_if_needed("drop invalid"), R"("drop invalid")");
    EXPECT_EQ(quote_if_needed("a=b"), R"("a=b")");
    EXPECT_EQ(quote_if_needed("#1"), R"("#1")");
    EXPECT_EQ(quote("a\"b\\c$d"), R"("a\"b\\c\$d")");
    EXPECT_EQ(quote("a\nb\rc\td\x01\x7f"), R"("a\nb\rc\td\01\7F")");
    EXPECT_EQ(quote("caf\xC3\xA9"), "\"caf\xC3\xA9\"");
}

TEST(Quote, IsWhatTheLexerReadsBack)
{
    EXPECT_TRUE(rc::check([] {
        const auto text = *rc::gen::container<std::string>(rc::gen::nonZero<char>());
        for (const std::string &source : {quote(text), quote_if_needed(text)}) {
            Lexer lexer(source, "");
            RC_ASSERT(lexer.value().value().text == text);
            RC_ASSERT(lexer.peek() == '\0');
        }
    }));
}

} // namespace
} // namespace tg
