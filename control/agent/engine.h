// SPDX-License-Identifier: Apache-2.0
// What a client's conversation needs of the agent, and nothing more. The agent is one; tests give
// their own.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "control/commit/revision.h"
#include "control/config/config.h"
#include "control/config/environment.h"
#include "control/config/runtime.h"
#include "control/conntrack/recheck.h"
#include "control/rpc/message.h"

namespace tg {

// The configuration and its surroundings at one moment; immutable, so any thread may read it.
struct Snapshot {
    std::uint64_t revision = 0;
    Config config;
    Environment environment;
};

// What one run of commands wants changed, all of it or nothing.
struct Change {
    std::optional<Config> config;       // commit this
    std::vector<std::uint32_t> reset;   // rule counters to set to nothing
    std::vector<ConnectionName> remove; // connections to remove
    Author author;

    [[nodiscard]] bool empty() const
    {
        return !config && reset.empty() && remove.empty();
    }
};

// Every function may be called from any thread.
class Engine {
public:
    virtual ~Engine() = default;
    // With everything seen that happened to interfaces before the call.
    virtual std::shared_ptr<const Snapshot> snapshot() = 0;
    // Held from snapshot to apply by whoever changes the configuration.
    virtual std::mutex &edits() = 0;
    // For reading; what changes is handed to apply.
    virtual Runtime &runtime() = 0;
    // What happens to connections from now on.
    virtual Result<std::unique_ptr<EventStream>> follow() = 0;
    // The revision in force afterwards. Error: nothing has changed, unless it says so.
    virtual Result<std::uint64_t> apply(const Change &change) = 0;
    // Which connections do not hold under the rules in force; removes none. They are those of one
    // revision only if none was committed meanwhile.
    virtual Result<Recheck> recheck() = 0;
    virtual rpc::Json status() = 0;
    // The agent ends soon after.
    virtual void stop() = 0;
};

} // namespace tg
