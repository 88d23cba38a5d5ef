// SPDX-License-Identifier: Apache-2.0
#include "control/base/error.h"

#include <gtest/gtest.h>

namespace tg {
namespace {

TEST(Error, SaysWhereInTheFormOfTheConsole)
{
    EXPECT_EQ(to_string(Error{"bad command name xx", {"", 1, 1}}),
              "bad command name xx (line 1 column 1)");
}

TEST(Error, SaysWhereInAFileInTheFormOfCompilers)
{
    EXPECT_EQ(to_string(Error{"syntax error", {"a.rsc", 3, 12}}), "a.rsc:3:12: syntax error");
}

TEST(Error, SaysNothingOfAPlaceThatIsNone)
{
    EXPECT_EQ(to_string(Error{"no such item"}), "no such item");
}

TEST(Error, TravelsInAResult)
{
    const Result<int> failed = fail("no such item", {"", 2, 5});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error(), (Error{"no such item", {"", 2, 5}}));
    EXPECT_EQ(failed.value_or(7), 7);
}

} // namespace
} // namespace tg
