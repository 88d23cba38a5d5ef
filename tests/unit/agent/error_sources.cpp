// SPDX-License-Identifier: Apache-2.0
#include "control/agent/error_sources.h"

#include <gtest/gtest.h>

namespace tg {
namespace {

SourceAddress at(std::uint32_t ifindex, const char *text)
{
    const Family family = std::string_view(text).contains(':') ? Family::ipv6 : Family::ipv4;
    return {ifindex, parse_address(text, family).value()};
}

std::string chosen(const std::vector<SourceAddress> &all, std::uint32_t ifindex, tg_family family)
{
    return to_string(Address{error_sources(all, ifindex).at(family)});
}

TEST(ErrorSources, TheFirstOfTheInterface)
{
    const std::vector all = {at(1, "192.0.2.1"),   at(2, "192.0.2.2"),   at(2, "192.0.2.3"),
                             at(1, "2001:db8::1"), at(2, "2001:db8::2"), at(2, "2001:db8::3")};
    EXPECT_EQ(chosen(all, 2, TG_FAMILY_IPV4), "192.0.2.2");
    EXPECT_EQ(chosen(all, 2, TG_FAMILY_IPV6), "2001:db8::2");
    EXPECT_EQ(chosen(all, 1, TG_FAMILY_IPV4), "192.0.2.1");
}

TEST(ErrorSources, ElseTheFirstOfAnother)
{
    const std::vector all = {at(1, "2001:db8::1"), at(2, "192.0.2.2"), at(3, "192.0.2.3")};
    EXPECT_EQ(chosen(all, 1, TG_FAMILY_IPV4), "192.0.2.2");
    EXPECT_EQ(chosen(all, 3, TG_FAMILY_IPV6), "2001:db8::1");
}

TEST(ErrorSources, WithoutAny)
{
    EXPECT_EQ(chosen({at(1, "2001:db8::1")}, 1, TG_FAMILY_IPV4), "192.0.0.8");
    EXPECT_EQ(chosen({at(1, "192.0.2.1")}, 1, TG_FAMILY_IPV6), "::");
}

} // namespace
} // namespace tg
