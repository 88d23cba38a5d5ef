// SPDX-License-Identifier: Apache-2.0
// What a frame has to look like that the datapath sends: computed from the one that came.
#pragma once

#include <string>
#include <vector>

#include "tests/harness/router.h"
#include "tests/harness/topology.h"

namespace tg::test {

// What is wrong with a packet that is to leave by `out`. XDP writes the whole link header, its VLAN
// tag too; TC hands the kernel a frame without a tag. One that XDP has left to TC is not looked at.
std::vector<std::string> judge_sent(const Outcome &outcome, const Interface &out);

} // namespace tg::test
