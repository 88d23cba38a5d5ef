// SPDX-License-Identifier: Apache-2.0
// Gives new rules their counters. Lives as long as one change, which may add thousands of rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "control/config/config.h"

namespace tg {

class CounterPool {
public:
    // The smallest number that no rule of any table uses and that is not cooling, neither now nor
    // since the first call; nothing if all TG_LIMIT_RULES are taken.
    std::optional<std::uint32_t> take(const Config &config);

private:
    std::vector<bool> taken_; // empty until the first call
    std::size_t next_ = 0;    // everything below is taken
};

} // namespace tg
