// SPDX-License-Identifier: Apache-2.0
// What tests of two CPUs that open connections at once share: the datagrams, and the CPUs.
#pragma once

#include <array>
#include <atomic>
#include <thread>

#include "tests/harness/packet.h"
#include "tests/prog/loaded.h"

namespace tg::test {

inline constexpr std::size_t ip_at = 14, udp_at = 34, frame_bytes = 60;
using Datagram = std::array<std::uint8_t, frame_bytes>;

inline void put(Datagram &frame, std::size_t at, std::uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        frame[at + i] = static_cast<std::uint8_t>(value >> 8 * (bytes - 1 - i));
    }
}

// UDP without a checksum, to the router itself: no route leads there, and no agent says so.
inline Datagram frame_of(std::uint32_t client, std::uint16_t port,
                         std::uint32_t remote = 0x0b010001)
{
    Datagram frame = {};
    put(frame, 12, 0x0800, 2);
    put(frame, ip_at, 0x4500002e, 4);
    put(frame, ip_at + 8, 64 << 8 | 17, 2);
    put(frame, ip_at + 12, client, 4);
    put(frame, ip_at + 16, remote, 4);
    put(frame, ip_at + 10, internet_checksum({&frame[ip_at], 20}), 2);
    put(frame, udp_at, port, 2);
    put(frame, udp_at + 2, 53, 2);
    put(frame, udp_at + 4, 26, 2);
    return frame;
}

// Tells two CPUs, or two threads on one, when they are equally far.
class Meeting {
public:
    // Returns when both are at step `step`.
    void wait(std::uint32_t step)
    {
        ready_++;
        while (ready_ < 2 * (step + 1)) {
            if (std::thread::hardware_concurrency() == 1) {
                std::this_thread::yield();
            }
        }
    }

private:
    std::atomic<std::uint32_t> ready_ = 0;
};

// Both CPUs at once; `open` is told which of them it runs on.
template <class Open> void both(const Open &open)
{
    const auto work = [&](unsigned cpu) {
        run_on(cpu);
        open(cpu);
    };
    std::thread first(work, 0), second(work, 1);
    first.join();
    second.join();
}

} // namespace tg::test
