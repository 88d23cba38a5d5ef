// SPDX-License-Identifier: Apache-2.0
// The values of --mode: which there are, what each becomes on an interface, and why.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/base/error.h"
#include "loader/interfaces.h"
#include "tidegate/control.h"

namespace tg::loader {

struct ChosenMode {
    tg_mode mode = TG_MODE_NONE;
    std::string why;
    bool may_fall_back = false;          // to tc, if the driver refuses
    std::vector<std::string> switch_off; // features of the driver, while it is attached
};

// Error: no such mode, one that is not built yet, or one this interface cannot have.
Result<ChosenMode> choose_mode(std::string_view asked, const Interface &interface);

// "auto, native, …", for messages and help.
std::string mode_list();

} // namespace tg::loader
