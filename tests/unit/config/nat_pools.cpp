// SPDX-License-Identifier: Apache-2.0
// How many ports rules have for an external address.
#include "control/config/nat_pools.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "control/config/execute.h"

namespace tg {
namespace {

std::string ranges(const std::string &script, std::string_view address,
                   std::uint8_t protocol = IPPROTO_UDP)
{
    Session session;
    const auto config = apply_script(script, "", Config{}, Environment{}, session);
    EXPECT_TRUE(config) << (config ? "" : to_string(config.error()));
    const Family family = address.contains(':') ? Family::ipv6 : Family::ipv4;
    return to_string(port_ranges(nat_pools(config.value_or(Config{})),
                                 *parse_address(address, family), protocol));
}

TEST(NatPools, AreTheRangesThatRulesGiveOut)
{
    const std::string usual = "1-1023,1024-65535";
    EXPECT_EQ(ranges("", "192.0.2.1"), usual);
    EXPECT_EQ(ranges("/ip firewall nat add chain=srcnat action=masquerade", "192.0.2.1"), usual);
    const std::string some = "/ip firewall nat add chain=srcnat action=src-nat protocol=udp "
                             "to-addresses=192.0.2.1-192.0.2.3 to-ports=7000-7009";
    EXPECT_EQ(ranges(some, "192.0.2.1"), "7000-7009");
    EXPECT_EQ(ranges(some, "192.0.2.3"), "7000-7009");
    EXPECT_EQ(ranges(some, "192.0.2.4"), usual) << "no rule of its own";
    EXPECT_EQ(ranges(some, "192.0.2.1", IPPROTO_TCP), usual) << "another protocol";
    EXPECT_EQ(ranges(some + " disabled=yes", "192.0.2.1"), usual);
    EXPECT_EQ(ranges(some + "; /ip firewall nat add chain=srcnat action=masquerade", "192.0.2.1"),
              "7000-7009," + usual)
        << "each by itself";
    EXPECT_EQ(ranges(some + "; /ip firewall nat add chain=srcnat action=masquerade protocol=udp "
                            "to-ports=7005-7014; /ip firewall nat add chain=mine protocol=udp "
                            "action=endpoint-independent-nat to-ports=7000-7009",
                     "192.0.2.1"),
              "7000-7009,7005-7014")
        << "each once";
    EXPECT_EQ(ranges("/ip firewall nat add chain=dstnat action=endpoint-independent-nat; " + some,
                     "192.0.2.1"),
              "7000-7009")
        << "chain dstnat gives out none";
    const std::string six = "/ipv6 firewall nat add chain=srcnat action=masquerade protocol=udp "
                            "to-ports=7000; ";
    EXPECT_EQ(ranges(six, "2001:db8::1"), "7000");
    EXPECT_EQ(ranges(six + some, "192.0.2.1"), "7000-7009") << "another family";
}

} // namespace
} // namespace tg
