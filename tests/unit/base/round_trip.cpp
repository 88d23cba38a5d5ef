// SPDX-License-Identifier: Apache-2.0
// What is printed is read back as the same value, and reading never needs well-formed text.
#include <rapidcheck.h>

#include <algorithm>

#include <gtest/gtest.h>

#include "control/base/limits.h"
#include "control/base/net.h"
#include "control/base/text.h"
#include "tidegate/limits.h"

namespace tg {
namespace {

Address any_address(Family family)
{
    Address address;
    for (std::uint8_t &byte : address.raw.bytes) {
        // Zeros often, since they are what printing shortens.
        byte = *rc::gen::weightedOneOf<std::uint8_t>(
            {{1, rc::gen::just<std::uint8_t>(0)}, {2, rc::gen::arbitrary<std::uint8_t>()}});
    }
    if (family == Family::ipv4) {
        std::fill_n(address.raw.bytes, 10, 0);
        std::fill_n(address.raw.bytes + 10, 2, 0xff);
    } else {
        address.raw.bytes[0] = 0x20; // not an IPv4 address in IPv6 form
    }
    return address;
}

TEST(RoundTrip, Duration)
{
    EXPECT_TRUE(rc::check([] {
        constexpr Duration most = limit_duration;
        const Duration duration{*rc::gen::inRange<Duration::rep>(0, most.count() + 1)};
        RC_ASSERT(parse_duration(to_string(duration)).value() == duration);
    }));
}

TEST(RoundTrip, Address)
{
    EXPECT_TRUE(rc::check([] {
        const auto family = *rc::gen::element(Family::ipv4, Family::ipv6);
        const Address address = any_address(family);
        RC_ASSERT(parse_address(to_string(address), family).value() == address);
    }));
}

TEST(RoundTrip, AddressRange)
{
    EXPECT_TRUE(rc::check([] {
        Address low = any_address(Family::ipv4);
        Address high = any_address(Family::ipv4);
        if (high < low) {
            std::swap(low, high);
        }
        const AddressRange range{low, high};
        RC_ASSERT(parse_address_range(to_string(range), Family::ipv4).value() == range);
    }));
}

TEST(RoundTrip, Prefix)
{
    EXPECT_TRUE(rc::check([] {
        const auto family = *rc::gen::element(Family::ipv4, Family::ipv6);
        const int bits = family == Family::ipv4 ? 32 : 128;
        const int length = *rc::gen::inRange(0, bits + 1);
        const Address inside = any_address(family);
        const auto range =
            parse_address_range(to_string(inside) + "/" + std::to_string(length), family).value();
        RC_ASSERT(range.low <= inside && inside <= range.high);
        RC_ASSERT(parse_address_range(to_string(range), family).value() == range);
    }));
}

TEST(RoundTrip, Ports)
{
    EXPECT_TRUE(rc::check([] {
        const auto count = *rc::gen::inRange<std::size_t>(1, TG_LIMIT_PORT_RANGES + 1);
        std::vector<PortRange> ports;
        for (std::size_t index = 0; index < count; ++index) {
            const auto one = *rc::gen::arbitrary<std::uint16_t>();
            const auto other = *rc::gen::arbitrary<std::uint16_t>();
            ports.push_back({std::min(one, other), std::max(one, other)});
        }
        RC_ASSERT(parse_ports(to_string(ports)).value() == ports);
    }));
}

TEST(RoundTrip, AnyTextIsReadWithoutHarm)
{
    EXPECT_TRUE(rc::check([] {
        const auto text = *rc::gen::container<std::string>(
            rc::gen::elementOf(std::string("0123456789abcdef.:/-,wdhms \n")));
        // What is accepted is printed as something that means the same.
        if (const auto duration = parse_duration(text)) {
            RC_ASSERT(parse_duration(to_string(*duration)).value() == *duration);
        }
        for (const Family family : {Family::ipv4, Family::ipv6}) {
            if (const auto range = parse_address_range(text, family)) {
                RC_ASSERT(parse_address_range(to_string(*range), family).value() == *range);
            }
        }
        if (const auto ports = parse_ports(text)) {
            RC_ASSERT(parse_ports(to_string(*ports)).value() == *ports);
        }
    }));
}

} // namespace
} // namespace tg
