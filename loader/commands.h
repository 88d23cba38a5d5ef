// SPDX-License-Identifier: Apache-2.0
// What the loader's subcommands do, all but parsing arguments and printing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/base/error.h"
#include "control/base/fd.h"
#include "control/base/instance.h"
#include "loader/attach_tc.h"

namespace tg::loader {

// Lines for the user.
using Lines = std::vector<std::string>;

struct AttachRequest {
    Instance instance;
    std::vector<std::string> interfaces;
    std::string mode = "auto";
    LinkWish link;
    std::optional<unsigned> confirm_seconds;
    std::optional<unsigned> pickup_seconds;
    std::string netns; // path this process was moved by; empty: it was not
    Fd home;           // the namespace it came from
};

// All of the interfaces or none; those already attached stay as they are.
Result<Lines> attach(const AttachRequest &request);

// What may surprise about those interfaces, once they are attached.
Lines warnings(const AttachRequest &request);

// Loads and pins, attaches nothing.
Result<Lines> load_only(const AttachRequest &request);

// No names: everything. A name that is not attached is an error, and nothing is changed.
Result<Lines> detach(const Instance &instance, const std::vector<std::string> &names);

// Ends the probation of what was attached with --confirm.
Result<Lines> confirm(const Instance &instance);

} // namespace tg::loader
