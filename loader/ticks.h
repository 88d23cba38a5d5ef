// SPDX-License-Identifier: Apache-2.0
// How the datapath's time (ticks) relates to CLOCK_MONOTONIC, measured, since the kernel does not
// tell its tick rate.
#pragma once

#include <cstdint>
#include <optional>

#include "control/base/error.h"
#include "tidegate/control.h"

namespace tg::loader {

struct Ticks {
    std::uint32_t per_second = 0;
    std::uint64_t awake_offset_ns = 0; // modulo 2^64, as in struct tg_layout
};

// The rate Linux can be built with that fits both readings; nullopt if none is near.
std::optional<std::uint32_t> tick_rate(const tg_clock &first, const tg_clock &second);
// CLOCK_MONOTONIC when the tick counter stood at zero.
std::uint64_t awake_offset(const tg_clock &reading, std::uint32_t per_second);

// Takes about a tenth of a second.
Result<Ticks> measure_ticks();

} // namespace tg::loader
