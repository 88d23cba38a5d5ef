// SPDX-License-Identifier: Apache-2.0
// The values of --mode: which there are, what each becomes, and why.
#pragma once

#include <string>
#include <string_view>

#include "control/base/error.h"
#include "tidegate/control.h"

namespace tg::loader {

struct ChosenMode {
    tg_mode mode = TG_MODE_NONE;
    std::string why;
};

// Error: no such mode, or one that is not built yet.
Result<ChosenMode> choose_mode(std::string_view asked);

// "auto, native, …", for messages and help.
std::string mode_list();

} // namespace tg::loader
