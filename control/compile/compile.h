// SPDX-License-Identifier: Apache-2.0
// Configuration to bank: the bytes the datapath reads. Pure and deterministic.
#pragma once

#include <cstdint>
#include <vector>

#include "control/base/error.h"
#include "control/config/config.h"
#include "control/config/environment.h"
#include "tidegate/chain.h"

namespace tg {

// One complete bank. Element numbers as chain.h lays them out.
struct Image {
    std::vector<tg_bank_element> elements;

    friend bool operator==(const Image &a, const Image &b);
};

// The image of `config` in `environment`, for revision number `revision`. Disabled rules and
// rules that are invalid here (an interface that does not exist, a matcher that needs tracking
// while tracking is off) and chains that no jump leads to are left out. Error: a limit of limits.h
// is exceeded, or jumps go in a circle.
Result<Image> compile(const Config &config, const Environment &environment, std::uint64_t revision);

} // namespace tg
