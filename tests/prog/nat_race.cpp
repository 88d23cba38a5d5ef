// SPDX-License-Identifier: Apache-2.0
// Two CPUs open connections that are translated to one external address: never do two of them get
// the same replies, and a connection both open at once is one; also while others end and move.
#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include <linux/pkt_cls.h>

#include "bpf/core/base.h"
#include "control/maps/table_memory.h"
#include "control/maps/table_size.h"
#include "control/maps/tick_clock.h"
#include "tests/prog/loaded.h"
#include "tests/prog/race.h"
#include "tests/unit/compile/build.h"
#include "tidegate/verdict.h"

namespace tg {
namespace {

constexpr std::uint64_t records_a_step = 2000;

class NatRace : public test::Loaded {
protected:
    NatRace() : Loaded("nat") {}

    // Chain input of nat, since what a test run is given comes to the router.
    void arm(const std::string &ports)
    {
        const Image image = test::build("/ip firewall nat add chain=input protocol=udp "
                                        "action=src-nat to-addresses=192.0.2.1 to-ports=" +
                                        ports);
        const tg_bank_header &header = image.elements[TG_BANK_HEADER].header;
        ASSERT_TRUE(maps_->table_memory.grow(maps::table_size(header), 0));
        ASSERT_TRUE(maps_->banks.fill(1, image.elements));
        ASSERT_TRUE(maps_->control.set_bank(1));
    }

    [[nodiscard]] std::uint64_t refused() const
    {
        const auto counters = maps_->reason_counters.read();
        return counters ? counters->at(TG_REASON_NAT_PORT_EXHAUSTED).packets : 0;
    }

    // Every connection hangs in the index by both of its tuples, and nothing else does.
    void expect_linked() const
    {
        const std::uint32_t index = maps_->table_memory.shape().indexes & TG_SHAPE_IN_FORCE;
        std::map<std::uint32_t, tg_conn> wanted;
        for (const tg_conn &record : records()) {
            EXPECT_NE(tg_word_flags(record.word) & TG_CONN_TRANSLATED, 0);
            for (const std::uint32_t direction : {TG_ORIGINAL, TG_REPLY}) {
                wanted.emplace(tg_reference(record.id, direction), record);
            }
        }
        for (const std::uint64_t head : heads()) {
            for (auto reference = static_cast<std::uint32_t>(head); reference != 0;) {
                const auto found = wanted.find(reference);
                ASSERT_NE(found, wanted.end()) << "twice, or of no connection: " << reference;
                reference = (reference & 1) == TG_REPLY ? found->second.reply_next[index]
                                                        : found->second.original_next[index];
                wanted.erase(found);
            }
        }
        EXPECT_EQ(wanted.size(), 0u) << "places that nobody finds";
        EXPECT_EQ(maps_->table.read()->connections, records().size());
    }

    // Sends packets of the clients until `stop`: each has the external address then, whatever
    // becomes of its connection at that moment.
    void translate(unsigned cpu, std::uint32_t clients, const std::atomic<bool> &stop,
                   std::atomic<std::uint64_t> &sent) const
    {
        test::run_on(cpu);
        for (std::uint32_t i = cpu; !stop; i += 7, sent++) {
            test::Datagram frame = test::frame_of(0x0a000000 + i % clients, 20000);
            if (pass(frame) == TC_ACT_SHOT) {
                continue;
            }
            const std::uint8_t external[] = {192, 0, 2, 1};
            ASSERT_TRUE(std::equal(external, external + 4, &frame[test::ip_at + 12]))
                << "left as it came: " << fmt::format("{:02x}", fmt::join(frame, ""));
        }
    }

    // Ends connections until `stop`, whatever their age.
    void end(const std::atomic<bool> &stop, std::atomic<std::uint64_t> &ended)
    {
        while (!stop) {
            std::vector<tg_sweep_key> keys;
            for (const tg_conn &record : records()) {
                keys.push_back({record.id, tg_word_generation(record.word), 1, 0});
            }
            ended += maps_->sweep.run(keys).value();
        }
    }

    // Moves them from one index to another and back; without end if `stop` does not come.
    void move(const std::atomic<bool> &stop, std::atomic<std::uint64_t> &moved)
    {
        const TickClock clock(maps_->layout, host_clock());
        for (unsigned i = 0; !stop; i++) {
            ASSERT_TRUE(maps_->table_memory.resize(maps::table_size(i % 2 == 0 ? 100000 : 1000),
                                                   clock.now()));
            while (!stop && maps_->table_memory.step(records_a_step).value()) {
                moved++;
            }
        }
    }

    // Every port that a connection was given; fails if two have one.
    std::set<std::uint16_t> ports_given() const
    {
        std::set<std::uint16_t> ports;
        for (const tg_conn &record : records()) {
            const std::uint16_t port = tg_host16(record.reply.dst_port);
            EXPECT_TRUE(ports.insert(port).second) << "two have port " << port;
        }
        return ports;
    }
};

TEST_F(NatRace, NoTwoConnectionsHaveOneReply)
{
    constexpr std::uint32_t each = 8000; // on either CPU, of 20000 ports
    arm("20000-39999");
    test::both([&](unsigned cpu) {
        for (std::uint32_t i = 0; i < each; i++) {
            // One port each, so that but for the first of both everybody has to look for another.
            send_frame(test::frame_of(0x0a000000 + (cpu << 16) + i, 20000));
        }
    });
    const std::set<std::uint16_t> ports = ports_given();
    EXPECT_EQ(ports.size(), 2 * each);
    EXPECT_EQ(refused(), 0u);
    EXPECT_GE(*ports.begin(), 20000);
    EXPECT_LE(*ports.rbegin(), 39999);
}

TEST_F(NatRace, ASmallRangeIsUsedUpAndNotOnceMore)
{
    arm("20000-20127");
    test::both([&](unsigned cpu) {
        for (std::uint32_t i = 0; i < 128; i++) {
            send_frame(test::frame_of(0x0a000000 + (cpu << 16) + i, 5000));
        }
    });
    EXPECT_EQ(ports_given().size(), 128u);
    EXPECT_EQ(refused(), 128u);
}

TEST_F(NatRace, AllPortsButFewAreUsedBeforeOneIsRefused)
{
    arm("1024-65535");
    std::uint32_t opened = 0;
    while (refused() == 0 && opened < 70000) {
        for (int i = 0; i < 100; i++) {
            send_frame(test::frame_of(0x0a000000 + opened++, 5000));
        }
    }
    EXPECT_GE(ports_given().size(), 60000u) << "of 64512, when the first was refused";
}

TEST_F(NatRace, OneConnectionOpenedTwiceIsOne)
{
    constexpr std::uint32_t connections = 8000;
    arm("20000-39999");
    test::Meeting meeting;
    test::both([&](unsigned) {
        for (std::uint32_t i = 0; i < connections; i++) {
            const test::Datagram frame = test::frame_of(0x0a000000 + i, 20000);
            meeting.wait(i);
            send_frame(frame);
        }
    });
    EXPECT_EQ(ports_given().size(), connections);
    std::uint64_t packets = 0;
    for (const tg_conn &record : records()) {
        packets += record.counters[TG_ORIGINAL].packets;
    }
    EXPECT_EQ(packets, 2 * connections);
    expect_linked();
}

TEST_F(NatRace, NothingLeavesAsItCameWhileConnectionsEndAndMove)
{
    constexpr std::uint64_t wanted = 10000; // packets sent, and connections ended meanwhile
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> sent = 0, ended = 0, moved = 0;
    arm("20000-39999");
    std::vector<std::thread> threads;
    threads.emplace_back([&] { translate(0, 500, stop, sent); });
    threads.emplace_back([&] { translate(1, 500, stop, sent); });
    threads.emplace_back([&] { end(stop, ended); });
    threads.emplace_back([&] { end(stop, ended); });
    threads.emplace_back([&] { move(stop, moved); });
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while ((sent < wanted || ended < wanted || moved < 20) && !HasFailure() &&
           std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    stop = true;
    for (std::thread &thread : threads) {
        thread.join();
    }
    fmt::print("{} packets, {} ended, {} steps of moving\n", sent.load(), ended.load(),
               moved.load());
    EXPECT_GE(std::min(sent.load(), ended.load()), wanted);
    EXPECT_GT(moved, 0u);
    while (maps_->table_memory.step(records_a_step).value()) {
    }
    expect_linked();
    ports_given();
}

} // namespace
} // namespace tg
