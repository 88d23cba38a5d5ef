// SPDX-License-Identifier: Apache-2.0
// What a case cannot say of translation: ports that are chosen by chance, the last ports of many,
// and what only the agent asks of a connection. For the programs that try it hosted and in the
// kernel.
#pragma once

#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/case.h"

namespace tg::test {

// The port that the source of the only connection has become.
inline std::uint16_t only_port(Router &router)
{
    const std::vector<tg_conn> connections = router.datapath().connections();
    EXPECT_EQ(connections.size(), 1u);
    return connections.empty() ? 0 : tg_host16(connections.front().reply.dst_port);
}

// A datagram from the LAN to a host of the WAN.
inline PacketStep datagram(std::uint16_t src_port, std::uint16_t dst_port)
{
    const Step opens{.word = "in",
                     .text = fmt::format("lan ipv4 src=192.168.88.2 dst=203.0.113.2 | udp "
                                         "src-port={} dst-port={}",
                                         src_port, dst_port)};
    return read_packet(opens).value();
}

// One connection, opened anew when it is over, does not get the port it had: nothing that is alike
// each time says which it gets. A port that comes again is chance, two of them are not.
inline void judge_ports_by_chance(Router &router)
{
    constexpr unsigned times = 8;
    const PacketStep step = datagram(5000, 53);
    for (const std::string_view range : {"", "to-ports=20000-60000 "}) {
        router.reset();
        ASSERT_TRUE(
            router.commit("/ip firewall nat\nadd chain=srcnat out-interface=wan protocol=udp " +
                          std::string(range) + "action=masquerade randomise-ports=yes\n"));
        std::set<std::uint16_t> ports;
        for (unsigned i = 0; i < times; i++) {
            EXPECT_EQ(router.packet(step.hook, step.frame).reason, "forward");
            ports.insert(only_port(router));
            router.forget();
        }
        EXPECT_GE(ports.size(), times - 1) << range;
        EXPECT_GE(*ports.begin(), range.empty() ? 1024 : 20000);
        EXPECT_LE(*ports.rbegin(), range.empty() ? 65535 : 60000);
    }
}

// Of a range larger than one search every port is found, with little more searches than it has
// ports: each goes on where the last one ended, also where that found nothing.
inline void judge_the_last_ports(Router &router)
{
    constexpr unsigned ports = 4000, searches = ports + 2 * ports / TG_LIMIT_NAT_PROBES;
    router.reset();
    ASSERT_TRUE(router.commit("/ip firewall nat add chain=srcnat protocol=udp action=masquerade "
                              "to-ports=20000-23999\n"));
    unsigned found = 0, searched = 0;
    for (; found < ports && searched < searches; searched++) {
        const PacketStep step = datagram(static_cast<std::uint16_t>(30000 + searched), 53);
        found += router.packet(step.hook, step.frame).reason == "forward" ? 1 : 0;
    }
    EXPECT_EQ(found, ports) << "after " << searched;
}

// The agent ends connections with the address that masquerade gave them, and no others.
inline void judge_who_masquerades(Router &router)
{
    const PacketStep step = datagram(5000, 53);
    for (const std::string_view action : {"masquerade", "src-nat to-addresses=203.0.113.1"}) {
        router.reset();
        ASSERT_TRUE(
            router.commit(fmt::format("/ip firewall nat add chain=srcnat action={}\n", action)));
        EXPECT_EQ(router.packet(step.hook, step.frame).reason, "forward");
        const std::vector<tg_conn> connections = router.datapath().connections();
        ASSERT_EQ(connections.size(), 1u);
        EXPECT_EQ((tg_word_flags(connections.front().word) & TG_CONN_MASQUERADED) != 0,
                  action == "masquerade");
    }
}

} // namespace tg::test
