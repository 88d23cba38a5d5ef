// SPDX-License-Identifier: Apache-2.0
// What a case cannot say of ports that are chosen by chance. For the programs that try it hosted
// and in the kernel.
#pragma once

#include <set>

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

// One connection, opened anew when it is over, does not get the port it had: nothing that is alike
// each time says which it gets. A port that comes again is chance, two of them are not.
inline void judge_ports_by_chance(Router &router)
{
    constexpr unsigned times = 8;
    const Step opens{.word = "in",
                     .text = "lan ipv4 src=192.168.88.2 dst=203.0.113.2 | udp src-port=5000 "
                             "dst-port=53"};
    const PacketStep step = read_packet(opens).value();
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

} // namespace tg::test
