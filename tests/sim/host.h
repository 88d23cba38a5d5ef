// SPDX-License-Identifier: Apache-2.0
// A simulated host: a kernel whose maps outlive the processes (shared memory) and folders of its
// own for files, which outlive the kernel.
#pragma once

#include <map>
#include <span>

#include "control/base/clock.h"
#include "control/commit/committer.h"
#include "tests/sim/death.h"

namespace tg::sim {

inline constexpr std::size_t most_elements = 64; // of a simulated bank
inline constexpr std::size_t most_counters = 64;

// What is pinned. Plain data: it lies in memory that parent and children share.
struct Kernel {
    std::uint64_t bank = 0;
    std::size_t sizes[2] = {};
    tg_bank_element banks[2][most_elements] = {};
    std::uint64_t counters[most_counters] = {};
    std::uint64_t waited_for = 0; // no packet in flight uses a bank below this one
    bool overwrote_a_used_bank = false;
};

class SimulatedDatapath final : public Datapath {
public:
    explicit SimulatedDatapath(Kernel &kernel) : kernel_(kernel) {}
    // The n-th call from now on fails and does nothing; 0: none.
    void fail_at(std::uint64_t call)
    {
        fail_at_ = call;
    }
    [[nodiscard]] Result<std::uint64_t> bank() const override;
    [[nodiscard]] Result<tg_bank_header> header(std::uint64_t bank) const override;
    Result<void> zero_counters(std::span<const std::uint32_t> ids) override;
    Result<void> make_room(const tg_bank_header &header) override;
    Result<void> fill(std::uint64_t bank, std::span<const tg_bank_element> elements) override;
    Result<void> put_in_force(std::uint64_t bank) override;
    Result<void> wait_for_packets() override;

private:
    Result<void> call();
    Kernel &kernel_;
    std::uint64_t fail_at_ = 0;
};

// A fixed wall clock.
class StoppedClock final : public Clock {
public:
    [[nodiscard]] Duration since_boot() const override
    {
        return {};
    }
    [[nodiscard]] Duration awake() const override
    {
        return {};
    }
    [[nodiscard]] std::chrono::system_clock::time_point wall() const override
    {
        return std::chrono::system_clock::time_point(std::chrono::hours(1000));
    }
};

class Host {
public:
    Host();
    ~Host();
    Host(const Host &) = delete;
    Host &operator=(const Host &) = delete;

    [[nodiscard]] Paths paths() const;
    [[nodiscard]] Kernel &kernel() const
    {
        return *kernel_;
    }
    // Maps are gone, files stay.
    void reboot();
    // An agent that has just started.
    [[nodiscard]] Committer start(SimulatedDatapath &datapath) const;

private:
    std::filesystem::path folder_;
    Kernel *kernel_;
    StoppedClock clock_;
};

} // namespace tg::sim
