// SPDX-License-Identifier: Apache-2.0
// Segments of one TCP connection on two CPUs at once: no bound ever goes back, and no fact that one
// of them has learnt is lost by the other.
#include <array>
#include <atomic>
#include <thread>

#include "bpf/core/parse_l4.h"
#include "bpf/core/sequence.h"
#include "bpf/core/tcp_view.h"
#include "tests/harness/packet.h"
#include "tests/prog/loaded.h"

namespace tg {
namespace {

constexpr std::uint32_t segments = 60000; // of one connection
constexpr std::uint32_t handshakes = 4000;
constexpr unsigned delays = 1024; // turns of a loop, about a nanosecond each
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

class TcpRace : public test::Loaded {
protected:
    TcpRace() : Loaded("race") {}
    void SetUp() override
    {
        Loaded::SetUp();
        slab_ = inner("tg_slabs", 0);
    }

    void send(const Segment &segment) const
    {
        send_frame(frame_of(segment));
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

    [[nodiscard]] tg_tcp look(std::uint32_t id) const
    {
        tg_conn record = {};
        EXPECT_EQ(bpf_map_lookup_elem(slab_.get(), &id, &record), 0);
        return record.tcp;
    }

    Fd slab_;
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
        test::run_on(cpu);
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
        test::run_on(cpu);
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
            // The two ways to the word differ in length: sometimes one starts later, by more or
            // less.
            for (volatile unsigned turn = i % 2 == cpu ? i / 2 % delays : 0; turn > 0;) {
                turn = turn - 1;
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
