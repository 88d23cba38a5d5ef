// SPDX-License-Identifier: Apache-2.0
// Runs the other programs of the product; knows nothing of what they do.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "control/base/error.h"

namespace tg::cli {

// A program of the product: beside this one's own file, else by PATH.
std::filesystem::path find_program(const std::string &name);

// Runs it to its end and returns what it printed; what it says on stderr goes to ours, or to the
// error. Error: it could not be started, or ended with another status than 0.
Result<std::string> run_program(const std::string &name, const std::vector<std::string> &arguments);

// Starts it in a session of its own with nothing of ours open, "--ready-fd N" added to its
// arguments, and waits until it says "ready" there. Error: the reason it gives instead, or silence
// for longer than `patience`.
Result<void> start_detached(const std::string &name, std::vector<std::string> arguments,
                            std::chrono::seconds patience);

} // namespace tg::cli
