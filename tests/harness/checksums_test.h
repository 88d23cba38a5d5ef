// SPDX-License-Identifier: Apache-2.0
// What a case cannot say of checksums: those a device is to finish, which only some hooks see, and
// what is counted of those nobody looked at. For the programs that try it hosted and in the kernel.
#pragma once

#include <gtest/gtest.h>

#include "tests/harness/case.h"
#include "tests/harness/pseudo_header.h"

namespace tg::test {

inline PacketStep from_lan(const std::string &packet)
{
    const Step step{.word = "in", .text = "lan " + packet};
    return read_packet(step).value();
}

// Puts the sum of the pseudo header alone where the checksum is, `field` bytes into the L4 header.
inline void leave_unfinished(Bytes &frame, std::size_t field)
{
    const std::uint16_t sum = pseudo_header_sum(frame);
    const std::size_t at = upper_offset(frame) + field;
    frame[at] = static_cast<std::uint8_t>(sum >> 8);
    frame[at + 1] = static_cast<std::uint8_t>(sum);
}

// In TC local senders' packets come along, in a driver's XDP they do not.
inline void judge_unfinished(Router &router, std::string_view state)
{
    constexpr std::size_t in_tcp = 16, in_udp = 6;
    struct Row {
        std::string packet;
        std::size_t field;
    };
    const Row rows[] = {
        {"ipv4 src=192.168.88.2 dst=203.0.113.2 | tcp src-port=1 dst-port=2 flags=S", in_tcp},
        {"ipv4 src=192.168.88.2 dst=203.0.113.2 | udp src-port=1 dst-port=2 | data 7", in_udp},
        {"ipv6 src=2001:db8:88::2 dst=2001:db8:113::2 | tcp src-port=1 dst-port=2 flags=S", in_tcp},
        {"ipv6 src=2001:db8:88::2 dst=2001:db8:113::2 | udp src-port=1 dst-port=2 | data 8",
         in_udp},
    };
    router.reset();
    ASSERT_TRUE(router.commit("/ip firewall filter\nadd chain=forward action=accept\n"));
    for (const Row &row : rows) {
        PacketStep step = from_lan(row.packet);
        leave_unfinished(step.frame.bytes, row.field);
        EXPECT_EQ(router.packet(step.hook, step.frame).state, state) << row.packet;
        step.frame.bytes.back() ^= 1; // is not covered yet
        EXPECT_EQ(router.packet(step.hook, step.frame).state, state) << row.packet;
        leave_unfinished(step.frame.bytes, row.field);
        step.frame.bytes[row.packet.starts_with("ipv4") ? 33 : 53] ^= 1; // the address is
        EXPECT_NE(router.packet(step.hook, step.frame).state, "new") << row.packet;
    }
}

inline void count_unverified(Router &router)
{
    const auto unverified = [&router] {
        return router.datapath()
            .counters("tg_tallies_count", TG_TALLY_COUNT)
            .at(TG_TALLY_CHECKSUM_UNVERIFIED);
    };
    router.reset();
    ASSERT_TRUE(router.commit("/ip firewall filter\nadd chain=forward action=accept\n"));
    const std::string flow = "ipv4 src=192.168.88.2 dst=192.168.88.1 ";
    for (const std::string_view looked_at : {"| udp | data 1472", "id=2 offset=100 | data 8"}) {
        const PacketStep step = from_lan(flow + std::string(looked_at));
        router.packet(step.hook, step.frame);
    }
    EXPECT_EQ(unverified().packets, 0u);
    for (const std::string_view not_looked_at : {"| udp | data 1473", "id=1 mf=1 | udp | data 8"}) {
        const PacketStep step = from_lan(flow + std::string(not_looked_at));
        router.packet(step.hook, step.frame);
    }
    EXPECT_EQ(unverified().packets, 2u);
    EXPECT_EQ(unverified().bytes, 1501u + 36u);
}

} // namespace tg::test
