// SPDX-License-Identifier: Apache-2.0
// An attachment on probation: a detached process that takes it back when its time is up, unless
// somebody confirmed it. Knows what to take back, not how.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/base/error.h"
#include "control/base/fd.h"
#include "control/base/instance.h"

namespace tg::loader {

struct Pending {
    std::int64_t pid = 0;
    std::uint64_t started = 0;     // of the process, so that no other one is mistaken for it
    std::uint64_t deadline_ns = 0; // CLOCK_BOOTTIME
    std::vector<std::uint32_t> interfaces; // what the deadline takes back, by ifindex
    bool everything = false;               // the datapath too, if nothing else is attached by then

    friend bool operator==(const Pending &, const Pending &) = default;
};

std::string to_json(const Pending &pending);
Result<Pending> parse_pending(std::string_view json);

// nullopt: nothing waits to be confirmed, or its process has died.
std::optional<Pending> read_pending(const Instance &instance);
std::uint64_t seconds_left(const Pending &pending);

// Starts the process; it calls `expired` in `home`, the namespace this loader was started in, since
// it must not keep the instance's namespace alive. pid and started are filled in here.
Result<void> start_timer(const Instance &instance, Pending pending, std::uint64_t seconds,
                         const Fd &home, const std::function<void()> &expired);

// Ends the process, if it is another one than this, and forgets it.
void cancel_timer(const Instance &instance);

} // namespace tg::loader
