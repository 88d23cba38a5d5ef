// SPDX-License-Identifier: Apache-2.0
// Names of marks and their numbers: given once, kept by rules and by what carries them.
#include "control/config/marks.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "control/config/execute.h"
#include "tidegate/limits.h"

namespace tg {
namespace {

Result<Config> run_script(const Config &config, std::string_view script)
{
    Session session;
    return apply_script(script, "", config, {}, session);
}

TEST(Marks, HaveANumberEachAndNoMarkHasNone)
{
    Marks marks;
    EXPECT_EQ(marks.number(no_mark), 0u);
    EXPECT_EQ(marks.number("voice"), std::nullopt);
    marks.add("voice");
    marks.add("bulk");
    marks.add("voice");
    marks.add(no_mark);
    EXPECT_EQ(marks.number("voice"), 1u);
    EXPECT_EQ(marks.number("bulk"), 2u);
    EXPECT_EQ(marks.name(1), "voice");
    EXPECT_EQ(marks.name(3), "");
    EXPECT_EQ(marks.all().size(), 2u);
}

TEST(Marks, AreNeverGivenOutTwice)
{
    Marks marks;
    marks.add("voice");
    marks.remove("voice");
    EXPECT_EQ(marks.name(1), "");
    marks.add("voice");
    EXPECT_EQ(marks.number("voice"), 2u);
}

TEST(Marks, AreRestoredAsTheyWere)
{
    Marks marks;
    EXPECT_TRUE(marks.restore("voice", 7));
    EXPECT_FALSE(marks.restore("voice", 8));
    EXPECT_FALSE(marks.restore("bulk", 7));
    EXPECT_FALSE(marks.restore("bulk", 0));
    EXPECT_FALSE(marks.restore(no_mark, 9));
    EXPECT_EQ(marks.next(), 8u);
    marks.skip_to(20);
    marks.skip_to(10);
    marks.add("bulk");
    EXPECT_EQ(marks.number("bulk"), 20u);
}

TEST(Marks, KeepTheirNumberWithoutARule)
{
    const auto one = run_script({}, "/ip firewall mangle\n"
                                    "add chain=forward action=mark-connection "
                                    "new-connection-mark=voice\n"
                                    "remove [find]\n");
    ASSERT_TRUE(one);
    EXPECT_EQ(one->marks.name(1), "voice");
    const auto two = run_script(*one, "/ip firewall filter add chain=input packet-mark=bulk\n"
                                      "/ip firewall filter add chain=input connection-mark=voice");
    ASSERT_TRUE(two);
    EXPECT_EQ(two->marks.number("voice"), 1u);
    EXPECT_EQ(two->marks.number("bulk"), 2u);
}

// As many names as there can be, each in a rule of its own.
Config full()
{
    std::string script = "/ip firewall mangle\n";
    for (unsigned index = 0; index < TG_LIMIT_MARKS; ++index) {
        script += fmt::format("add chain=forward action=mark-packet new-packet-mark=m{}\n", index);
    }
    return run_script({}, script).value_or(Config{});
}

TEST(Marks, HaveTheirLimit)
{
    const Config config = full();
    ASSERT_EQ(config.marks.all().size(), TG_LIMIT_MARKS);
    EXPECT_TRUE(run_script(config, "/ip firewall filter add chain=input packet-mark=m0"));
    const auto more = run_script(config, "/ip firewall filter add chain=input packet-mark=more");
    ASSERT_FALSE(more);
    EXPECT_EQ(to_string(more.error()),
              "expected at most 4096 names of marks in all tables (line 1 column 49)");
}

// Names that no rule has make room, those of the command that needs the room excepted.
TEST(Marks, MakeRoomForOthers)
{
    const auto less = run_script(full(), "/ip firewall mangle remove *1,*2");
    ASSERT_TRUE(less);
    EXPECT_EQ(less->marks.all().size(), TG_LIMIT_MARKS);
    const auto more = run_script(*less, "/ip firewall mangle add chain=forward action=mark-packet "
                                        "new-packet-mark=x packet-mark=y connection-mark=m0");
    ASSERT_FALSE(more) << "m0 stays, and one place is not enough";
    const auto two = run_script(*less, "/ip firewall mangle add chain=forward action=mark-packet "
                                       "new-packet-mark=x packet-mark=y");
    ASSERT_TRUE(two);
    EXPECT_EQ(two->marks.number("m0"), std::nullopt);
    EXPECT_EQ(two->marks.number("m2"), 3u);
    EXPECT_EQ(two->marks.number("x"), TG_LIMIT_MARKS + 1);
    EXPECT_EQ(two->marks.number("y"), TG_LIMIT_MARKS + 2);
}

} // namespace
} // namespace tg
