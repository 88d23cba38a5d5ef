// SPDX-License-Identifier: Apache-2.0
#include "loader/record.h"

#include <gtest/gtest.h>

namespace tg::loader {
namespace {

Record example()
{
    return {.netns = "/run/netns/fw",
            .netns_cookie = 0xffff'ffff'ffff'fff1,
            .interfaces = {{.ifindex = 7,
                            .name = "ether1",
                            .driver = "veth",
                            .asked = "auto",
                            .mode = TG_MODE_TC,
                            .why = "because \"quoted\"",
                            .frames = "of one buffer",
                            .xdp_target = TG_TARGET_FRAMES | TG_TARGET_MANY_BUFFERS,
                            .xdp_target_why = "tried",
                            .switched_off = {"rx-vlan-hw-parse"},
                            .link = Link::clsact,
                            .made_qdisc = true},
                           {.ifindex = 9, .name = "wg0", .mode = TG_MODE_TC, .link = Link::tcx}}};
}

TEST(Record, SurvivesTheFile)
{
    const Record record = example();
    const Result<Record> read = parse_record(to_json(record));
    ASSERT_TRUE(read) << to_string(read.error());
    EXPECT_EQ(*read, record);
    EXPECT_EQ(parse_record(to_json({})), Record{});
}

TEST(Record, FindsAnInterfaceByIndex)
{
    Record record = example();
    ASSERT_NE(record.find(9), nullptr);
    EXPECT_EQ(record.find(9)->name, "wg0");
    EXPECT_EQ(record.find(8), nullptr);
}

TEST(Record, RefusesAFileCutAnywhere)
{
    const std::string text = to_json(example());
    // The last two bytes are "}\n".
    for (std::size_t length = 0; length + 2 <= text.size(); ++length) {
        EXPECT_FALSE(parse_record(text.substr(0, length))) << length;
    }
}

TEST(Record, RefusesWhatIsNotOne)
{
    for (const char *text : {"[]", "{}", "null", "7", R"({"netns":1,"netns-cookie":1})",
                             R"({"netns":"","netns-cookie":-1,"interfaces":[{}]})"}) {
        EXPECT_FALSE(parse_record(text)) << text;
    }
    std::string word = to_json(example());
    word.replace(word.find("clsact"), 6, "clsakt");
    EXPECT_FALSE(parse_record(word));
}

} // namespace
} // namespace tg::loader
