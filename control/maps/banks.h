// SPDX-License-Identifier: Apache-2.0
// The banks: fills the slot nobody reads, waits for the packets that still read the other one,
// reads back what is in force. Knows elements, not what they mean.
#pragma once

#include <span>

#include "control/maps/map.h"
#include "tidegate/chain.h"

namespace tg::maps {

class Banks {
public:
    static Result<Banks> open(const std::filesystem::path &bpffs);
    // Makes a new inner map of exactly these elements and puts it into the slot of bank number
    // `bank`. The caller has made sure that `bank` is not the bank in force.
    Result<void> fill(std::uint64_t bank, std::span<const tg_bank_element> elements);
    // Returns when no packet in flight uses a bank that was in force before the call.
    Result<void> wait_for_packets();
    // All elements of what bank number `bank`'s slot holds.
    [[nodiscard]] Result<std::vector<tg_bank_element>> read(std::uint64_t bank) const;
    // The header alone.
    [[nodiscard]] Result<tg_bank_header> header(std::uint64_t bank) const;

private:
    explicit Banks(PinnedMap map) : map_(std::move(map)) {}
    [[nodiscard]] Result<Fd> inner(std::uint64_t bank) const;
    PinnedMap map_;
};

} // namespace tg::maps
