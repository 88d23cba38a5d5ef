// SPDX-License-Identifier: Apache-2.0
#include "loader/ticks.h"

#include <chrono>
#include <thread>

#include <bpf/bpf.h>
#include <fmt/format.h>

#include "loader/objects.h"
#include "loader/system.h"

namespace tg::loader {
namespace {

constexpr std::uint32_t rates[] = {100, 250, 300, 1000};
constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::chrono::milliseconds measured_time{80};
constexpr int attempts = 5;
// A tick lasts at most 10 ms; an edge that does not come in this time never will.
constexpr std::chrono::milliseconds edge_wait{200};

Result<tg_clock> read_clock(int program)
{
    tg_clock reading = {};
    // The kernel writes the answer back to where the question was.
    LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &reading, .ctx_size_in = sizeof reading);
    if (const int result = bpf_prog_test_run_opts(program, &options); result != 0) {
        return failed("run the clock program", -result);
    }
    return reading;
}

// The first reading after the counter moved, so that it is exact and not up to a tick late.
Result<tg_clock> read_edge(int program)
{
    const Result<tg_clock> start = read_clock(program);
    if (!start) {
        return start;
    }
    const auto deadline = std::chrono::steady_clock::now() + edge_wait;
    while (std::chrono::steady_clock::now() < deadline) {
        Result<tg_clock> now = read_clock(program);
        if (!now || now->jiffies != start->jiffies) {
            return now;
        }
    }
    return fail("cannot measure the tick rate: the kernel's tick counter stands still");
}

} // namespace

std::optional<std::uint32_t> tick_rate(const tg_clock &first, const tg_clock &second)
{
    if (second.awake_ns <= first.awake_ns || second.jiffies <= first.jiffies) {
        return std::nullopt;
    }
    const double measured = static_cast<double>(second.jiffies - first.jiffies) * second_ns /
                            static_cast<double>(second.awake_ns - first.awake_ns);
    for (const std::uint32_t rate : rates) {
        // 250 and 300 are the nearest neighbours; 8 % keeps them apart.
        if (measured > rate * 0.92 && measured < rate * 1.08) {
            return rate;
        }
    }
    return std::nullopt;
}

std::uint64_t awake_offset(const tg_clock &reading, std::uint32_t per_second)
{
    // The counter is not far from 2^32 at boot, and the product with 1e9 must not overflow.
    const std::uint64_t since_zero = reading.jiffies / per_second * second_ns +
                                     reading.jiffies % per_second * second_ns / per_second;
    return reading.awake_ns - since_zero;
}

Result<Ticks> measure_ticks()
{
    const Result<Object> object = open_object(clock_object(), {});
    if (!object) {
        return std::unexpected(object.error());
    }
    if (const Result<void> loaded = load_object(clock_object(), **object); !loaded) {
        return std::unexpected(loaded.error());
    }
    const int program = bpf_program__fd(bpf_object__next_program(object->get(), nullptr));
    for (int attempt = 0; attempt < attempts; ++attempt) {
        const Result<tg_clock> first = read_edge(program);
        std::this_thread::sleep_for(measured_time);
        const Result<tg_clock> second = read_edge(program);
        if (!first || !second) {
            return std::unexpected(first ? second.error() : first.error());
        }
        if (const std::optional<std::uint32_t> rate = tick_rate(*first, *second)) {
            return Ticks{.per_second = *rate, .awake_offset_ns = awake_offset(*second, *rate)};
        }
    }
    return fail("cannot measure the tick rate: expected 100, 250, 300 or 1000 ticks a second");
}

} // namespace tg::loader
