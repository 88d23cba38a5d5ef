// SPDX-License-Identifier: Apache-2.0
// In what our tracker is meant to differ from the kernel's. Each has a dialogue in
// differences.case, which says why.
#pragma once

#include <string_view>

#include "tests/differential/tracker.h"

namespace tg::test {

// One packet that the two did not answer alike, after they had agreed on all before it.
struct Difference {
    const PacketStep &packet;
    std::string_view misled; // Answer::misled of a packet before
    Answer kernel;
    Answer ours;
};

// Their names.
std::vector<std::string_view> all_meant();

// The name of the difference that is meant to be; empty: it is a fault.
std::string_view meant(const Difference &difference);

} // namespace tg::test
