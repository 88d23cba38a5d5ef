// SPDX-License-Identifier: Apache-2.0
// An instance as a whole: up brings loader and agent together, down takes them apart, status shows
// both. The loader's and the agent's own work is done by their programs.
#pragma once

#include <string>
#include <vector>

#include "control/base/error.h"
#include "control/base/instance.h"

namespace tg::cli {

struct UpRequest {
    Instance instance;
    std::string netns; // empty: the caller's
    std::string mode = "auto";
    std::vector<std::string> interfaces;
};

// Returns once the configuration is in force and every interface is attached. Of a running
// instance only what is missing is added. On an error what this call began is undone.
Result<void> up(const UpRequest &request);

// Stops the agent, detaches everything and removes the run folder; the returned lines say what
// was found. `purge`: configuration, revisions and log as well.
Result<std::string> down(const Instance &instance, bool purge);

// One screen, or with `json` one object; works without an agent too.
Result<std::string> status(const Instance &instance, bool json);

} // namespace tg::cli
