// SPDX-License-Identifier: Apache-2.0
// Two CPUs open connections of one inner port at once: it has one mapping, and both its port.
#include <map>
#include <set>

#include "bpf/core/base.h"
#include "control/maps/table_size.h"
#include "tests/prog/loaded.h"
#include "tests/prog/race.h"
#include "tests/unit/compile/build.h"
#include "tidegate/verdict.h"

namespace tg {
namespace {

constexpr std::uint32_t hosts = 4000;

class MappingRace : public test::Loaded {
protected:
    MappingRace() : Loaded("mapping") {}
    // As if the router had sent what the clients send: a test run comes from nowhere.
    void SetUp() override
    {
        Loaded::SetUp();
        auto program = loader::pinned_program(instance_, "tc_egress");
        ASSERT_TRUE(program);
        program_ = std::move(*program);
        const Image image = test::build(
            "/ip firewall nat add chain=srcnat protocol=udp action=endpoint-independent-nat "
            "to-addresses=192.0.2.1 to-ports=20000-39999");
        const tg_bank_header &header = image.elements[TG_BANK_HEADER].header;
        ASSERT_TRUE(maps_->table_memory.grow(maps::table_size(header), 0));
        ASSERT_TRUE(maps_->banks.fill(1, image.elements));
        ASSERT_TRUE(maps_->control.set_bank(1));
    }
};

TEST_F(MappingRace, OneInnerPortHasOneMapping)
{
    test::Meeting meeting;
    test::both([&](unsigned cpu) {
        for (std::uint32_t i = 0; i < hosts; i++) {
            // The own port is that of the first host: all others look for another.
            const test::Datagram frame = test::frame_of(0x0a000000 + i, 20000, 0x0b010001 + cpu);
            meeting.wait(i);
            send_frame(frame);
        }
    });
    std::map<std::uint32_t, std::multiset<std::uint16_t>> ports; // by inner address, of all records
    std::set<std::uint16_t> mapped;
    for (const tg_conn &record : records()) {
        const std::uint16_t port = tg_host16(record.reply.dst_port);
        ports[record.original.src.words[3]].insert(port);
        EXPECT_TRUE(record.original.mapping == 0 || mapped.insert(port).second)
            << "two mappings have port " << port;
    }
    EXPECT_EQ(ports.size(), hosts);
    for (const auto &[host, given] : ports) {
        EXPECT_EQ(given.size(), 3u) << "two connections and a mapping";
        EXPECT_EQ(given.count(*given.begin()), 3u) << "have one port";
    }
    EXPECT_EQ(mapped.size(), hosts);
    EXPECT_EQ(maps_->table.read()->connections, 3 * hosts);
    EXPECT_EQ(maps_->reason_counters.read()->at(TG_REASON_OUTPUT).packets, 2 * hosts);
}

} // namespace
} // namespace tg
