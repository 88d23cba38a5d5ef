// SPDX-License-Identifier: Apache-2.0
#include "control/command/condition.h"

#include <map>

#include <gtest/gtest.h>

#include "control/command/condition_node.h"
#include "tests/unit/command/menus.h"

namespace tg {
namespace {

using namespace std::chrono_literals;

std::optional<Operand> connection(std::string_view property)
{
    static const std::map<std::string, Operand, std::less<>> row{
        {".id", std::string("*1A")},
        {"protocol", std::string("tcp")},
        {"state", std::string("established")},
        {"src-address", std::string("10.0.0.7:40000")},
        {"dst-address", std::string("203.0.113.50:443")},
        {"reply-src-address", std::string("[2001:db8::1]:443")},
        {"connection-state", std::string("established,related")},
        {"comment", std::string("a b")},
        {"connection-mark", std::string()},
        {"missing", std::monostate{}},
        {"assured", true},
        {"dying", false},
        {"orig-bytes", std::int64_t{1500000}},
        {"zero", std::int64_t{0}},
        {"timeout", Duration{29s}},
        {"none", Duration{0}},
        {"text-number", std::string("9")},
        {"text-no", std::string("no")},
    };
    const auto found = row.find(property);
    return found == row.end() ? std::nullopt : std::optional{found->second};
}

Condition parse(std::string_view text)
{
    std::string level = "/ip firewall connection";
    auto commands = parse_script("print where " + std::string(text), test::Menus{}, level);
    if (!commands) {
        ADD_FAILURE() << to_string(commands.error());
        commands = parse_script("print where x", test::Menus{}, level);
    }
    return *commands->at(0).where;
}

constexpr std::string_view true_ones[] = {
    "protocol=tcp",
    "protocol=\"tcp\"",
    "protocol = tcp",
    "protocol!=udp",
    "protocol=tcp state=established",
    "protocol=tcp and state=established",
    "protocol=tcp && state=established",
    "protocol=tcp&&state=established",
    "protocol=udp or state=established",
    "protocol=udp||state=established",
    "protocol=udp or protocol=tcp state=established",
    "protocol=tcp state=established or protocol=udp",
    "(protocol=udp or protocol=tcp) and state=established",
    "src-address in 10.0.0.0/24",
    "src-address in 10.0.0.7",
    "src-address in 10.0.0.1-10.0.0.7 and assured",
    "!(dst-address in 10.0.0.0/8)",
    "reply-src-address in 2001:db8::/32",
    "!(comment in 10.0.0.0/8) !(missing in 10.0.0.0/8)",
    "!(src-address in ::/0)",
    "src-address~\"10.0.0\"",
    "src-address ~ \"^10[.]0[.]0[.]7:40000\\$\"",
    "src-address~\":40000$\"",
    "src-address~10.0.0",
    "src-address=10.0.0.7",
    "src-address=10.0.0.7:40000",
    "src-address!=10.0.0.8",
    "reply-src-address=2001:db8::1",
    "reply-src-address=2001:DB8:0::1",
    "reply-src-address=\"[2001:db8::1]:443\"",
    "connection-state=established,related",
    "connection-state~\"rel|new\"",
    "comment=\"a b\"",
    "comment!=#x",
    "comment~\"A\" or comment~\"(?i)A\"",
    ".id=*1A",
    "assured",
    "assured=yes",
    "assured=true",
    "assured!=no",
    "assured~\"yes\"",
    "!dying",
    "! dying",
    "not dying",
    "not !assured",
    "!!assured",
    "dying=no",
    "!(dying or protocol=udp)",
    "(dying)=no",
    "(dying)=false",
    "(assured)!=false",
    "(assured) state=established",
    "zero=0",
    "!zero",
    "!none",
    "!text-no",
    "orig-bytes",
    "orig-bytes>1000000",
    "orig-bytes > 1M",
    "orig-bytes>=1500k",
    "orig-bytes<=1500000",
    "orig-bytes<2G",
    "orig-bytes=1500k",
    "orig-bytes!=1",
    "orig-bytes!=many",
    "orig-bytes=0x16E360",
    "orig-bytes~\"^15\"",
    "orig-bytes>-1",
    "timeout<30s",
    "timeout<=29",
    "timeout>00:00:28",
    "timeout=29s",
    "timeout~\"29s\"",
    "text-number<10",
    "text-number<0xA",
    "protocol>icmp",
    "missing=\"\"",
    "missing!=x",
    "!missing",
    "connection-mark=\"\"",
    "!connection-mark",
    "unknown=\"\"",
    "unknown!=x",
    "missing~\"^$\"",
};

constexpr std::string_view false_ones[] = {
    "protocol=udp",
    "protocol!=tcp",
    "protocol=TCP",
    "protocol=tcp state=close",
    "protocol=tcp (state=close or dying)",
    "protocol=udp or state=close",
    "src-address~\"10.0.1\"",
    "src-address~\"^0.0\"",
    "src-address=10.0.0",
    "src-address=10.0.0.70",
    "reply-src-address=2001:db8::2",
    "connection-state=established",
    "comment~\"A\"",
    "dying",
    "dying=yes",
    "dying=maybe",
    "assured=maybe",
    "assured<yes",
    "assured>no",
    "!assured",
    "not assured",
    "!!dying",
    "(assured)=no",
    "zero",
    "none",
    "text-no",
    "orig-bytes<1500000",
    "orig-bytes>1500000",
    "orig-bytes<many",
    "orig-bytes>many",
    "orig-bytes=1500001",
    "timeout<29s",
    "timeout>29s",
    "timeout<soon",
    "timeout>=30",
    "missing",
    "missing=x",
    "missing<x",
    "missing>x",
    "missing<=\"\"",
    "unknown",
    "unknown=x",
    "connection-mark=x",
};

TEST(Condition, HoldsOrNot)
{
    for (const std::string_view text : true_ones) {
        EXPECT_TRUE(parse(text).matches(connection)) << text;
    }
    for (const std::string_view text : false_ones) {
        EXPECT_FALSE(parse(text).matches(connection)) << text;
    }
}

TEST(Condition, DotIsAnyCharacterInARegularExpression)
{
    const Condition condition = parse("src-address~\"10.0.0\"");
    for (const auto &[text, holds] : {std::pair{"10.0.0.7:1", true},
                                      {"110.0.0.1:1", true},
                                      {"10a0b0", true},
                                      {"10.10.0.1:1", false},
                                      {"192.168.0.1:1", false}}) {
        const auto row = [&](std::string_view) {
            return std::optional<Operand>(std::string(text));
        };
        EXPECT_EQ(condition.matches(row), holds) << text;
    }
}

TEST(Condition, NamesItsPropertiesWithTheirPlaces)
{
    const auto properties = parse("a=1 !b (c or d~\"x\")").properties();
    const std::vector<std::pair<std::string, Position>> expected{
        {"a", {"", 1, 13}}, {"b", {"", 1, 18}}, {"c", {"", 1, 21}}, {"d", {"", 1, 26}}};
    EXPECT_EQ(properties, expected);
}

TEST(Condition, TellsWhatItRequires)
{
    EXPECT_EQ(parse("protocol=tcp").equals("protocol"), "tcp");
    EXPECT_EQ(parse("a protocol=tcp and b").equals("protocol"), "tcp");
    EXPECT_EQ(parse("a (b protocol=tcp)").equals("protocol"), "tcp");
    for (const char *text : {"protocol=tcp or a", "!(protocol=tcp)", "protocol!=tcp", "protocol",
                             "protocol~tcp", "state=tcp"}) {
        EXPECT_EQ(parse(text).equals("protocol"), std::nullopt) << text;
    }
}

TEST(Condition, CanBeCopiedAndOutliveItsText)
{
    std::optional<Condition> copy;
    {
        const std::string text = "protocol=tcp src-address~\"10.0.0\"";
        copy = parse(text);
    }
    EXPECT_TRUE(copy->matches(connection));
}

TEST(Number, IsReadInEveryForm)
{
    EXPECT_EQ(read_number("0"), 0);
    EXPECT_EQ(read_number("-3"), -3);
    EXPECT_EQ(read_number("0xff"), 255);
    EXPECT_EQ(read_number("2k"), 2000);
    EXPECT_EQ(read_number("3M"), 3000000);
    EXPECT_EQ(read_number("4G"), 4000000000);
    EXPECT_EQ(read_number("9223372036854775807"), INT64_MAX);
    for (const char *text : {"", "k", "x", "1x", "0x", "0x-1", "1.5", " 1", "9223372036854775808",
                             "9223372036854775807k"}) {
        EXPECT_EQ(read_number(text), std::nullopt) << text;
    }
}

} // namespace
} // namespace tg
