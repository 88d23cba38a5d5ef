// SPDX-License-Identifier: Apache-2.0
// The agent's lock: at most one agent an instance, and anybody can tell whether and which. The
// kernel drops it with the process, however that ends.
#pragma once

#include <filesystem>
#include <optional>
#include <sys/types.h>

#include "control/base/error.h"
#include "control/base/fd.h"
#include "control/base/instance.h"

namespace tg {

// Files of the agent in the instance's run folder.
std::filesystem::path control_socket(const Instance &instance);
std::filesystem::path agent_pid_file(const Instance &instance);

class AgentLock {
public:
    // Error: another agent runs (says which), the instance is not loaded, no privilege.
    static Result<AgentLock> take(const Instance &instance);

private:
    explicit AgentLock(Fd fd) : fd_(std::move(fd)) {}
    // A process that closes any descriptor of the file loses the lock: only this one opens it.
    Fd fd_;
};

// The process that holds the lock; nullopt: no agent runs. Must not be asked by that process.
std::optional<pid_t> running_agent(const Instance &instance);

// Writes agent.pid, for people and scripts; whoever must be sure asks running_agent.
Result<void> write_pid(const Instance &instance);

} // namespace tg
