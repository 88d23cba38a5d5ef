// SPDX-License-Identifier: Apache-2.0
// The ring of events at its edge: what it has no room for is lost, counted, and harms no packet;
// nobody is told who does not listen. For the programs that try it hosted and in the kernel.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/case.h"

namespace tg::test {

// As many as the ring has room for, each with the kernel's header, the last byte left free.
inline constexpr unsigned event_room = (TG_LIMIT_EVENT_BYTES - 1) / (sizeof(tg_event) + 8);

// Whether a new connection is accepted.
inline bool opens_connection(Router &router, unsigned number)
{
    const Step step{.line = 0,
                    .word = "in",
                    .text = fmt::format("lan ipv4 src=192.168.88.2 dst=203.0.113.2 | udp "
                                        "src-port={} dst-port=53 | data 20",
                                        number + 1),
                    .block = {},
                    .expected = {}};
    const auto packet = read_packet(step);
    const std::string reason = packet ? router.packet(packet->hook, packet->frame).reason : "none";
    EXPECT_EQ(reason, "forward");
    return reason == "forward";
}

inline void arm_for_events(Router &router)
{
    router.reset();
    ASSERT_TRUE(router.commit("/ip firewall filter\nadd chain=forward action=accept\n"));
}

inline std::uint64_t events_lost(Router &router)
{
    return value_of<tg_table>(router.datapath().entries("tg_table").at(0).second).events_lost;
}

inline void fill_events(Router &router)
{
    arm_for_events(router);
    for (unsigned i = 0; i < event_room; i++) {
        ASSERT_TRUE(opens_connection(router, i));
    }
    EXPECT_EQ(events_lost(router), 0u);
    EXPECT_TRUE(opens_connection(router, event_room));
    EXPECT_EQ(events_lost(router), 1u);
    const auto events = router.datapath().take_events();
    ASSERT_EQ(events.size(), event_room);
    EXPECT_EQ(events.back().kind, __u32{TG_EVENT_NEW});
    EXPECT_EQ(events.back().conn.original.src_port, __builtin_bswap16(event_room));
    EXPECT_TRUE(opens_connection(router, event_room + 1));
    EXPECT_EQ(router.datapath().take_events().size(), 1u);
    EXPECT_EQ(events_lost(router), 1u);
}

inline void do_not_listen(Router &router)
{
    arm_for_events(router);
    const std::uint64_t now = router.datapath().now();
    const std::uint32_t zero = 0;
    for (const std::uint64_t until : {std::uint64_t{0}, now}) {
        const tg_control control{.bank = 1, .heartbeat = 0, .listening = until};
        router.datapath().update("tg_control", bytes_of(zero), bytes_of(control));
        EXPECT_TRUE(opens_connection(router, static_cast<unsigned>(until != 0)));
        EXPECT_TRUE(router.datapath().take_events().empty());
    }
    EXPECT_EQ(events_lost(router), 0u);
}

} // namespace tg::test
