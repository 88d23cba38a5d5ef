// SPDX-License-Identifier: Apache-2.0
// Opens the pinned programs that are run by hand.
#pragma once

#include <filesystem>

#include "control/base/error.h"
#include "control/base/fd.h"

namespace tg::maps {

// The program pinned as programs/<name> below `bpffs`, one for TC.
Result<Fd> open_program(const std::filesystem::path &bpffs, const char *name);

} // namespace tg::maps
