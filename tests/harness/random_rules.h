// SPDX-License-Identifier: Apache-2.0
// Random rules and settings as an administrator might write them, in both families.
#pragma once

#include <string>
#include <vector>

#include "tests/harness/random.h"

namespace tg::test {

// Lines of a commit that replaces what an earlier one of these has put in force; the first one of
// a life also makes the interface lists.
std::vector<std::string> random_rules(Random &random, bool first);

} // namespace tg::test
