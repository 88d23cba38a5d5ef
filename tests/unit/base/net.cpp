// SPDX-License-Identifier: Apache-2.0
#include "control/base/net.h"

#include <set>

#include <gtest/gtest.h>

#include "tidegate/limits.h"

namespace tg {
namespace {

TEST(Address, IsKeptInTheFormOfTheAbi)
{
    const auto ipv4 = parse_address("192.0.2.1", Family::ipv4);
    ASSERT_TRUE(ipv4);
    const Address mapped{{.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}}};
    EXPECT_EQ(*ipv4, mapped);
    EXPECT_TRUE(ipv4->is_ipv4());
    const auto ipv6 = parse_address("2001:db8::1", Family::ipv6);
    ASSERT_TRUE(ipv6);
    EXPECT_EQ(ipv6->raw.bytes[0], 0x20);
    EXPECT_EQ(ipv6->raw.bytes[15], 1);
    EXPECT_FALSE(ipv6->is_ipv4());
}

TEST(Address, IsPrintedInOneForm)
{
    for (const char *text : {"0.0.0.0", "192.0.2.1", "255.255.255.255"}) {
        EXPECT_EQ(to_string(parse_address(text, Family::ipv4).value()), text);
    }
    EXPECT_EQ(to_string(parse_address("2001:DB8:0:0::0001", Family::ipv6).value()), "2001:db8::1");
    EXPECT_EQ(to_string(parse_address("::", Family::ipv6).value()), "::");
}

TEST(Address, RefusesOtherTextAndTheOtherFamily)
{
    for (const std::string_view text : {"", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4",
                                        " 1.2.3.4", "1.2.3.4 ", "::1", "router.example"}) {
        const auto address = parse_address(text, Family::ipv4);
        ASSERT_FALSE(address) << text;
        EXPECT_EQ(address.error().message, "expected an IPv4 address");
    }
    for (const std::string_view text :
         {"", ":", "1.2.3.4", "2001:db8::1::2", "fe80::1%eth0", "12345::", "[::1]"}) {
        const auto address = parse_address(text, Family::ipv6);
        ASSERT_FALSE(address) << text;
        EXPECT_EQ(address.error().message, "expected an IPv6 address");
    }
    EXPECT_FALSE(parse_address(std::string_view("1.2.3.4\0x", 9), Family::ipv4));
    EXPECT_EQ(parse_address("::ffff:192.0.2.1", Family::ipv6).error().message,
              "expected an IPv6 address, not an IPv4 address written as one");
}

TEST(Address, IsOrderedAsANumber)
{
    const auto low = parse_address("10.0.0.9", Family::ipv4).value();
    const auto high = parse_address("10.0.1.0", Family::ipv4).value();
    EXPECT_LT(low, high);
    EXPECT_NE(low, high);
}

struct RangeCase {
    Family family;
    std::string_view text;
    std::string_view low;
    std::string_view high;
    std::string_view canonical;
};

constexpr RangeCase range_cases[] = {
    {Family::ipv4, "10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1"},
    {Family::ipv4, "10.0.0.0/8", "10.0.0.0", "10.255.255.255", "10.0.0.0/8"},
    {Family::ipv4, "10.1.2.3/8", "10.0.0.0", "10.255.255.255", "10.0.0.0/8"},
    {Family::ipv4, "10.1.2.3/32", "10.1.2.3", "10.1.2.3", "10.1.2.3"},
    {Family::ipv4, "10.1.2.3/31", "10.1.2.2", "10.1.2.3", "10.1.2.2/31"},
    {Family::ipv4, "10.1.2.3/0", "0.0.0.0", "255.255.255.255", "0.0.0.0/0"},
    {Family::ipv4, "10.1.2.3/255.255.0.0", "10.1.0.0", "10.1.255.255", "10.1.0.0/16"},
    {Family::ipv4, "10.1.2.3/0.0.0.0", "0.0.0.0", "255.255.255.255", "0.0.0.0/0"},
    {Family::ipv4, "10.1.2.3/255.255.255.255", "10.1.2.3", "10.1.2.3", "10.1.2.3"},
    {Family::ipv4, "10.0.0.1-10.0.0.9", "10.0.0.1", "10.0.0.9", "10.0.0.1-10.0.0.9"},
    {Family::ipv4, "10.0.0.5-10.0.0.5", "10.0.0.5", "10.0.0.5", "10.0.0.5"},
    {Family::ipv4, "192.168.0.0-192.168.1.255", "192.168.0.0", "192.168.1.255", "192.168.0.0/23"},
    {Family::ipv4, "0.0.0.0-255.255.255.255", "0.0.0.0", "255.255.255.255", "0.0.0.0/0"},
    {Family::ipv6, "2001:db8::1", "2001:db8::1", "2001:db8::1", "2001:db8::1"},
    {Family::ipv6, "2001:db8::1/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:db8::/32"},
    {Family::ipv6, "2001:db8::1/128", "2001:db8::1", "2001:db8::1", "2001:db8::1"},
    {Family::ipv6, "::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0"},
    {Family::ipv6, "fe80::/10", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::/10"},
};

TEST(AddressRange, IsReadInEveryFormAndPrintedInOne)
{
    for (const RangeCase &one : range_cases) {
        const auto range = parse_address_range(one.text, one.family);
        ASSERT_TRUE(range) << one.text;
        EXPECT_EQ(to_string(range->low), one.low) << one.text;
        EXPECT_EQ(to_string(range->high), one.high) << one.text;
        EXPECT_EQ(to_string(*range), one.canonical) << one.text;
    }
}

TEST(AddressRange, RefusesOtherText)
{
    for (const char *text : {"", "/", "-", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/ 8",
                             "/8", "10.0.0.0/255.0.255.0", "10.0.0.0/8/8", "10.0.0.1-", "-10.0.0.1",
                             "10.0.0.1-10.0.0.2-3", "10.0.0.1,10.0.0.2", "2001:db8::/32"}) {
        const auto range = parse_address_range(text, Family::ipv4);
        ASSERT_FALSE(range) << text;
        EXPECT_EQ(range.error().message,
                  "expected an IPv4 address, prefix or range such as 192.0.2.1, 192.0.2.0/24 or "
                  "192.0.2.1-192.0.2.9")
            << text;
    }
    EXPECT_EQ(parse_address_range("10.0.0.2-10.0.0.1", Family::ipv4).error().message,
              "expected the lower address of the range first");
    for (const char *text : {"", "10.0.0.0/8", "2001:db8::/129", "2001:db8::1-2001:db8::2",
                             "2001:db8::/ffff::", "::ffff:0.0.0.0/96"}) {
        const auto range = parse_address_range(text, Family::ipv6);
        ASSERT_FALSE(range) << text;
        EXPECT_EQ(range.error().message,
                  "expected an IPv6 address or prefix such as 2001:db8::1 or 2001:db8::/32")
            << text;
    }
}

TEST(Ports, AreListsOfNumbersAndRanges)
{
    using Ports = std::vector<PortRange>;
    EXPECT_EQ(parse_ports("22").value(), (Ports{{22, 22}}));
    EXPECT_EQ(parse_ports("0-65535").value(), (Ports{{0, 65535}}));
    EXPECT_EQ(parse_ports("22,80,8000-8100").value(), (Ports{{22, 22}, {80, 80}, {8000, 8100}}));
    EXPECT_EQ(to_string(Ports{{22, 22}, {80, 80}, {8000, 8100}}), "22,80,8000-8100");
    EXPECT_EQ(to_string(Ports{}), "");
}

TEST(Ports, RefuseOtherText)
{
    for (const char *text : {"", ",", "22,", ",22", "22,,80", "65536", "-1", "22-", "-22", "80-22",
                             "22 ", "ssh", "1-2-3", "0x16", "+22"}) {
        const auto ports = parse_ports(text);
        ASSERT_FALSE(ports) << text;
        EXPECT_EQ(ports.error().message,
                  "expected ports 0..65535 such as 22, 1000-2000 or 22,80,8000-8100")
            << text;
    }
}

TEST(Ports, EndAtTheirLimit)
{
    std::string text = "0";
    for (unsigned port = 1; port < TG_LIMIT_PORT_RANGES; ++port) {
        text += "," + std::to_string(port);
    }
    ASSERT_TRUE(parse_ports(text));
    EXPECT_EQ(parse_ports(text)->size(), TG_LIMIT_PORT_RANGES);
    const auto beyond = parse_ports(text + ",99");
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().message, "expected at most 16 ports and ranges");
}

TEST(Protocol, HasANumberAndPerhapsAName)
{
    EXPECT_EQ(parse_protocol("tcp").value(), 6);
    EXPECT_EQ(parse_protocol("6").value(), 6);
    EXPECT_EQ(parse_protocol("udp").value(), 17);
    EXPECT_EQ(parse_protocol("icmp").value(), 1);
    EXPECT_EQ(parse_protocol("icmpv6").value(), 58);
    EXPECT_EQ(parse_protocol("gre").value(), 47);
    EXPECT_EQ(parse_protocol("ipsec-esp").value(), 50);
    EXPECT_EQ(parse_protocol("udp-lite").value(), 136);
    EXPECT_EQ(parse_protocol("0").value(), 0);
    EXPECT_EQ(parse_protocol("255").value(), 255);
    EXPECT_EQ(protocol_name(6), "tcp");
    EXPECT_EQ(protocol_name(255), "255");
    for (const char *text : {"", "256", "-1", "TCP", "tcp ", "tc", "any"}) {
        EXPECT_FALSE(parse_protocol(text)) << text;
    }
}

TEST(Protocol, EveryNumberIsReadBackFromItsName)
{
    std::set<std::string> names;
    for (unsigned number = 0; number < 256; ++number) {
        const std::string name = protocol_name(static_cast<std::uint8_t>(number));
        EXPECT_EQ(parse_protocol(name).value(), number) << name;
        names.insert(name);
    }
    EXPECT_EQ(names.size(), 256U);
}

} // namespace
} // namespace tg
