// SPDX-License-Identifier: Apache-2.0
// How many ports rules have for an external address.
#include "control/config/nat_pools.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "control/config/execute.h"

namespace tg {
namespace {

std::uint32_t ports(const std::string &script, std::string_view address,
                    std::uint8_t protocol = IPPROTO_UDP)
{
    Session session;
    const auto config = apply_script(script, "", Config{}, Environment{}, session);
    EXPECT_TRUE(config) << (config ? "" : to_string(config.error()));
    const Family family = address.contains(':') ? Family::ipv6 : Family::ipv4;
    return count_ports(nat_pools(config.value_or(Config{})), *parse_address(address, family),
                       protocol);
}

TEST(NatPools, AreAllPortsUnlessARuleSaysWhich)
{
    constexpr std::uint32_t all = 64512;
    EXPECT_EQ(ports("", "192.0.2.1"), all);
    EXPECT_EQ(ports("/ip firewall nat add chain=srcnat action=masquerade", "192.0.2.1"), all);
    const std::string some = "/ip firewall nat add chain=srcnat action=src-nat protocol=udp "
                             "to-addresses=192.0.2.1-192.0.2.3 to-ports=7000-7009";
    EXPECT_EQ(ports(some, "192.0.2.1"), 10u);
    EXPECT_EQ(ports(some, "192.0.2.3"), 10u);
    EXPECT_EQ(ports(some, "192.0.2.4"), all) << "no rule of its own";
    EXPECT_EQ(ports(some, "192.0.2.1", IPPROTO_TCP), all) << "another protocol";
    EXPECT_EQ(ports(some + " disabled=yes", "192.0.2.1"), all);
    EXPECT_EQ(ports(some + "; /ip firewall nat add chain=srcnat action=masquerade protocol=udp "
                           "to-ports=7005-7014",
                    "192.0.2.1"),
              15u)
        << "of both, each once";
    EXPECT_EQ(ports("/ipv6 firewall nat add chain=srcnat action=src-nat protocol=udp "
                    "to-address=2001:db8::1 to-ports=7000",
                    "2001:db8::1"),
              1u);
}

} // namespace
} // namespace tg
