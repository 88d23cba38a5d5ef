// SPDX-License-Identifier: Apache-2.0
// Packets that belong to no flow: what hosts say on their link, bad headers, and bytes by chance.
#pragma once

#include "tests/harness/case.h"
#include "tests/harness/random.h"

namespace tg::test {

// One of them, from a list.
Step oddity(Random &random);
// The packet of an in or out step with some of its bytes changed, as bytes.
Step mutated(const Step &step, Random &random);

} // namespace tg::test
