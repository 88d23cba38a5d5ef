// SPDX-License-Identifier: Apache-2.0
// The loader's own bounds, by name. Each is tested at its edge and one past it.
#pragma once

#include <chrono>
#include <cstddef>

namespace tg::loader {

// How long a loader waits for another one of the same instance.
inline constexpr std::chrono::seconds limit_lock_wait{10};

// Longest time --confirm may give.
inline constexpr unsigned limit_confirm_seconds = 86400;

// Longest time --pickup may give.
inline constexpr unsigned limit_pickup_seconds = 3600;

// Of libbpf's and the verifier's messages the last so many bytes are kept.
inline constexpr std::size_t limit_log_bytes = 16384;

} // namespace tg::loader
