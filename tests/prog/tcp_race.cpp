// SPDX-License-Identifier: Apache-2.0
// Segments of one TCP connection on two CPUs at once: no bound ever goes back, and no fact that one
// of them has learnt is lost by the other.
#include <array>
#include <atomic>
#include <optional>
#include <thread>

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>

#include "bpf/core/parse_l4.h"
#include "bpf/core/sequence.h"
#include "bpf/core/tcp_view.h"
#include "control/maps/instance.h"
#include "loader/bpffs.h"
#include "loader/kernel_log.h"
#include "loader/load.h"
#include "loader/system.h"
#include "tests/harness/packet.h"
#include "tests/harness/root.h"

namespace tg {
namespace {

constexpr std::uint32_t segments = 60000; // of one connection
constexpr std::uint32_t handshakes = 4000;
constexpr std::size_t ip_at = 14, tcp_at = 34, frame_bytes = 60;

struct Segment {
    std::uint16_t port = 1; // of the client: which connection
    bool reply = false;
    unsigned flags = TG_TCP_ACK;
    std::uint32_t sequence = 0, acknowledgement = 0;
};

void put(std::array<std::uint8_t, frame_bytes> &frame, std::size_t at, std::uint32_t value,
         unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        frame[at + i] = static_cast<std::uint8_t>(value >> 8 * (bytes - 1 - i));
    }
}

// A segment without data, with checksums that are right.
std::array<std::uint8_t, frame_bytes> frame_of(const Segment &segment)
{
    std::array<std::uint8_t, frame_bytes> frame = {};
    const std::uint32_t client = 0x0a000001, server = 0x0b010001;
    put(frame, 12, 0x0800, 2);
    put(frame, ip_at, 0x45000028, 4);
    put(frame, ip_at + 8, 64 << 8 | TG_PROTOCOL_TCP, 2);
    put(frame, ip_at + 12, segment.reply ? server : client, 4);
    put(frame, ip_at + 16, segment.reply ? client : server, 4);
    put(frame, ip_at + 10, test::internet_checksum({&frame[ip_at], 20}), 2);
    put(frame, tcp_at, segment.reply ? 80 : segment.port, 2);
    put(frame, tcp_at + 2, segment.reply ? segment.port : 80, 2);
    put(frame, tcp_at + 4, segment.sequence, 4);
    put(frame, tcp_at + 8, segment.acknowledgement, 4);
    put(frame, tcp_at + 12, 0x5000 | segment.flags, 2);
    put(frame, tcp_at + 14, 0xffff, 2);
    std::array<std::uint8_t, 32> covered = {};
    std::copy_n(&frame[ip_at + 12], 8, covered.begin());
    covered[9] = TG_PROTOCOL_TCP;
    covered[11] = 20;
    std::copy_n(&frame[tcp_at], 20, &covered[12]);
    put(frame, tcp_at + 16, test::internet_checksum(covered), 2);
    return frame;
}

// Of a guest with one CPU both are the same, and little is shown.
void run_on(unsigned cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu % std::thread::hardware_concurrency(), &set);
    ASSERT_EQ(sched_setaffinity(0, sizeof set, &set), 0);
}

class TcpRace : public testing::Test {
protected:
    static void SetUpTestSuite()
    {
        test::skip_unless_root("loading BPF programs");
        loader::keep_kernel_log();
    }
    void SetUp() override
    {
        const Result<void> loaded = loader::load(instance_);
        ASSERT_TRUE(loaded) << to_string(loaded.error());
        auto maps = maps::Instance::open(instance_.bpffs());
        ASSERT_TRUE(maps) << to_string(maps.error());
        maps_.emplace(std::move(*maps));
        auto program = loader::pinned_program(instance_, "tc_ingress");
        ASSERT_TRUE(program);
        program_ = std::move(*program);
        const auto outer = loader::pinned_map(instance_, "tg_slabs");
        std::uint32_t id = 0, first = 0;
        ASSERT_TRUE(outer && bpf_map_lookup_elem(outer->get(), &first, &id) == 0);
        slab_ = Fd(bpf_map_get_fd_by_id(id));
    }
    void TearDown() override
    {
        maps_.reset();
        EXPECT_TRUE(loader::remove_bpffs(instance_));
    }

    void send(const Segment &segment) const
    {
        const auto frame = frame_of(segment);
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                    .data_size_in = frame.size(), .repeat = 1);
        ASSERT_EQ(bpf_prog_test_run_opts(program_.get(), &options), 0);
    }

    void shake_hands(std::uint16_t port, bool finish) const
    {
        send({.port = port, .flags = TG_TCP_SYN, .sequence = 0});
        send({.port = port,
              .reply = true,
              .flags = TG_TCP_SYN | TG_TCP_ACK,
              .sequence = 0,
              .acknowledgement = 1});
        if (finish) {
            send({.port = port, .sequence = 1, .acknowledgement = 1});
        }
    }

    [[nodiscard]] std::vector<tg_conn> records() const
    {
        std::vector<tg_conn> all, slice;
        for (maps::ConnectionCursor cursor; !cursor.at_end;) {
            EXPECT_TRUE(maps_->connections.read(cursor, slice));
            all.insert(all.end(), slice.begin(), slice.end());
        }
        return all;
    }

    [[nodiscard]] tg_tcp look(std::uint32_t id) const
    {
        tg_conn record = {};
        EXPECT_EQ(bpf_map_lookup_elem(slab_.get(), &id, &record), 0);
        return record.tcp;
    }

    const Instance instance_ = *Instance::named(fmt::format("race{}", ::getpid()));
    const Result<loader::Lock> lock_ = loader::Lock::take(instance_);
    std::optional<maps::Instance> maps_;
    Fd program_, slab_;
};

TEST_F(TcpRace, NoBoundGoesBack)
{
    shake_hands(1, true);
    const std::vector<tg_conn> all = records();
    ASSERT_EQ(all.size(), 1u);
    const std::uint32_t id = all[0].id;
    std::atomic<std::uint32_t> next = 1;
    std::atomic<unsigned> back = 0;
    // Both CPUs have segments of the same direction, each a little further than the last of both;
    // what one of them has said must not be unsaid by the other.
    const auto speak = [&](unsigned cpu) {
        run_on(cpu);
        while (next < segments) {
            const std::uint32_t number = next.fetch_add(1);
            send({.sequence = number, .acknowledgement = 1});
            back += tg_before(look(id).ends[TG_ORIGINAL].end, number) ? 1U : 0U;
        }
    };
    std::thread first(speak, 0), second(speak, 1);
    first.join();
    second.join();
    EXPECT_EQ(back, 0u) << "of " << segments;
    EXPECT_EQ(look(id).ends[TG_ORIGINAL].end, next - 1);
}

TEST_F(TcpRace, NoFactIsLost)
{
    std::atomic<unsigned> ready = 0;
    // The client acknowledges while the server closes: each of them is a fact about its own end.
    const auto speak = [&](unsigned cpu) {
        run_on(cpu);
        for (unsigned i = 0; i < handshakes; i++) {
            const auto port = static_cast<std::uint16_t>(1000 + i);
            if (cpu == 0) {
                shake_hands(port, false);
            }
            ready++;
            while (ready < 2 * (i + 1)) {
                if (std::thread::hardware_concurrency() == 1) {
                    std::this_thread::yield();
                }
            }
            if (cpu == 0) {
                send({.port = port, .sequence = 1, .acknowledgement = 1});
            } else {
                send({.port = port,
                      .reply = true,
                      .flags = TG_TCP_FIN | TG_TCP_ACK,
                      .sequence = 1,
                      .acknowledgement = 1});
            }
        }
    };
    std::thread first(speak, 0), second(speak, 1);
    first.join();
    second.join();
    unsigned lost = 0, found = 0;
    for (const tg_conn &record : records()) {
        const __u8 client = tg_tcp_word_flags(record.tcp.word, TG_ORIGINAL);
        const __u8 server = tg_tcp_word_flags(record.tcp.word, TG_REPLY);
        lost += (client & TG_TCP_END_ACKED) == 0 || (server & TG_TCP_END_CLOSED_FIRST) == 0;
        found++;
        const __u8 state = tg_word_tcp_state(record.word);
        EXPECT_TRUE(state == TG_TCP_STATE_FIN_WAIT || state == TG_TCP_STATE_CLOSE_WAIT) << state;
    }
    EXPECT_EQ(found, handshakes);
    EXPECT_EQ(lost, 0u);
}

} // namespace
} // namespace tg
