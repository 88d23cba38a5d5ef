// SPDX-License-Identifier: Apache-2.0
// The ring of events at its edge: what it has no room for is lost, counted, and harms no packet;
// nobody is told who does not listen. Hosted and in the kernel.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/case.h"
#include "tests/harness/root.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

// As many as the ring has room for, each with the kernel's header, the last byte left free.
constexpr unsigned room = (TG_LIMIT_EVENT_BYTES - 1) / (sizeof(tg_event) + 8);

// Whether a new connection is accepted.
bool opens(Router &router, unsigned number)
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

void arm(Router &router)
{
    router.reset();
    ASSERT_TRUE(router.commit("/ip firewall filter\nadd chain=forward action=accept\n"));
}

std::uint64_t lost(Router &router)
{
    return value_of<tg_table>(router.datapath().entries("tg_table").at(0).second).events_lost;
}

void fill(Router &router)
{
    arm(router);
    for (unsigned i = 0; i < room; i++) {
        ASSERT_TRUE(opens(router, i));
    }
    EXPECT_EQ(lost(router), 0u);
    EXPECT_TRUE(opens(router, room));
    EXPECT_EQ(lost(router), 1u);
    const auto events = router.datapath().take_events();
    ASSERT_EQ(events.size(), room);
    EXPECT_EQ(events.back().kind, __u32{TG_EVENT_NEW});
    EXPECT_EQ(events.back().conn.original.src_port, __builtin_bswap16(room));
    EXPECT_TRUE(opens(router, room + 1));
    EXPECT_EQ(router.datapath().take_events().size(), 1u);
    EXPECT_EQ(lost(router), 1u);
}

void be_deaf(Router &router)
{
    arm(router);
    const std::uint64_t now = router.datapath().now();
    const std::uint32_t zero = 0;
    for (const std::uint64_t until : {std::uint64_t{0}, now}) {
        const tg_control control{.bank = 1, .heartbeat = 0, .listening = until};
        router.datapath().update("tg_control", bytes_of(zero), bytes_of(control));
        EXPECT_TRUE(opens(router, static_cast<unsigned>(until != 0)));
        EXPECT_TRUE(router.datapath().take_events().empty());
    }
    EXPECT_EQ(lost(router), 0u);
}

class Events : public testing::Test {
protected:
    static void SetUpTestSuite()
    {
        skip_unless_root("running BPF programs");
        enter_namespace();
    }
};

TEST_F(Events, HostedAreLostWhenThereIsNoRoom)
{
    Router router(make_hosted_datapath());
    fill(router);
}

TEST_F(Events, AreLostWhenThereIsNoRoom)
{
    Router router(make_kernel_datapath());
    fill(router);
}

TEST_F(Events, HostedAreForThoseWhoListen)
{
    Router router(make_hosted_datapath());
    be_deaf(router);
}

TEST_F(Events, AreForThoseWhoListen)
{
    Router router(make_kernel_datapath());
    be_deaf(router);
}

} // namespace
} // namespace tg::test
