// SPDX-License-Identifier: Apache-2.0
// Small texts: RouterOS durations and numbers.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "control/base/error.h"

namespace tg {

using Duration = std::chrono::milliseconds;

// "1w2d3h4m5s6ms", "00:05:00", "1d00:00:00", "300" (seconds).
Result<Duration> parse_duration(std::string_view text);
// Largest unit first, zero units omitted: "1d", "23h59m58s", "5m", "0s", "200ms".
std::string to_string(Duration duration);

// "50 507 925 242": a blank before each group of three digits.
std::string group_thousands(std::uint64_t number);

// "0bps", "1234bps", "12.3kbps", "1.2Mbps": rounded down.
std::string print_rate(std::uint64_t bits_per_second);
// "23:59:58", "1d00:00:00", "1w2d03:04:05", "00:00:00.200": as scripts see a time.
std::string print_clock(Duration duration);

} // namespace tg
