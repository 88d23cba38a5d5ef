// SPDX-License-Identifier: Apache-2.0
// Death at the n-th thing a process does to the world: every call that changes a file, and every
// call on the simulated datapath, is one such thing. File calls are caught by the linker's --wrap,
// so the product's code runs as it is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace tg::sim {

// What is lost with the process.
enum class Loss {
    process, // kill -9: what was written stays
    power,   // what was not synced is gone: contents half written, renames undone
};

// Runs `life` in a child process that dies before its `last`-th act, or in the middle of it if it
// writes to a file. False: it came to its own end before that.
bool dies_at(std::uint64_t last, Loss loss, const std::function<void()> &life);

// One act of the running life; called by what is simulated. Does nothing outside dies_at.
void act();

} // namespace tg::sim
