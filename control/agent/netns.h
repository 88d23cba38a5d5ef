// SPDX-License-Identifier: Apache-2.0
// Moves the process into the instance's network namespace. To be called before any thread starts.
#pragma once

#include <string>

#include "control/base/error.h"

namespace tg {

// "fw" means /run/netns/fw; what has a slash in it is a path.
Result<void> enter_netns(const std::string &name);

} // namespace tg
