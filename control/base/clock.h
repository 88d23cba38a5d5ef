// SPDX-License-Identifier: Apache-2.0
// Time as something handed in, so that tests can stand still or jump; knows no jiffies.
#pragma once

#include <chrono>

#include "control/base/text.h"

namespace tg {

class Clock {
public:
    virtual ~Clock() = default;
    // Since the host was booted, time in suspend included; never goes back.
    [[nodiscard]] virtual Duration since_boot() const = 0;
    // The same without time in suspend, which the kernel's tick counter leaves out too.
    [[nodiscard]] virtual Duration awake() const = 0;
    // What a wall clock shows; for people, never for deciding.
    [[nodiscard]] virtual std::chrono::system_clock::time_point wall() const = 0;
};

// The host's clocks.
const Clock &host_clock();

} // namespace tg
