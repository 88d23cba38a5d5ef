// SPDX-License-Identifier: Apache-2.0
// What a commit needs of the datapath, and nothing more. The kernel's maps are one; simulations
// give their own and let it die between any two calls.
#pragma once

#include <cstdint>
#include <span>

#include "control/base/error.h"
#include "control/maps/tick_clock.h"
#include "tidegate/chain.h"

namespace tg {

namespace maps {
struct Instance;
}

class Datapath {
public:
    virtual ~Datapath() = default;
    // Number of the bank in force; 0: not armed.
    [[nodiscard]] virtual Result<std::uint64_t> bank() const = 0;
    // Header of bank number `bank`, which is the one in force.
    [[nodiscard]] virtual Result<tg_bank_header> header(std::uint64_t bank) const = 0;
    // Makes the counters of these rule ids start from nothing.
    virtual Result<void> zero_counters(std::span<const std::uint32_t> ids) = 0;
    // Memory for as many connections as a bank with this header admits; what there is stays.
    virtual Result<void> make_room(const tg_bank_header &header) = 0;
    // Puts the elements where bank number `bank`, not in force yet, is looked for.
    virtual Result<void> fill(std::uint64_t bank, std::span<const tg_bank_element> elements) = 0;
    // From now on packets are judged by `bank`; one indivisible write.
    virtual Result<void> put_in_force(std::uint64_t bank) = 0;
    // Returns when no packet in flight is judged by an earlier bank.
    virtual Result<void> wait_for_packets() = 0;
};

// The pinned maps of an instance; `maps` and `clock` must outlive it.
class KernelDatapath final : public Datapath {
public:
    KernelDatapath(maps::Instance &maps, const TickClock &clock) : maps_(maps), clock_(clock) {}
    [[nodiscard]] Result<std::uint64_t> bank() const override;
    [[nodiscard]] Result<tg_bank_header> header(std::uint64_t bank) const override;
    Result<void> zero_counters(std::span<const std::uint32_t> ids) override;
    Result<void> make_room(const tg_bank_header &header) override;
    Result<void> fill(std::uint64_t bank, std::span<const tg_bank_element> elements) override;
    Result<void> put_in_force(std::uint64_t bank) override;
    Result<void> wait_for_packets() override;

private:
    maps::Instance &maps_;
    const TickClock &clock_;
};

} // namespace tg
