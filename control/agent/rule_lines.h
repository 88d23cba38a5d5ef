// SPDX-License-Identifier: Apache-2.0
// What rules log, from the ring of the datapath to the agent's log, in the loop's thread.
#pragma once

#include <memory>

#include "control/agent/loop.h"
#include "control/compile/rule_log.h"
#include "control/maps/counters.h"
#include "control/maps/ring.h"

namespace tg {

class RuleLines final {
public:
    // `loop` and `tallies` must outlive it.
    static Result<std::unique_ptr<RuleLines>> start(const std::filesystem::path &bpffs, Loop &loop,
                                                    const maps::TallyCounters &tallies);
    RuleLines(const RuleLines &) = delete;
    RuleLines &operator=(const RuleLines &) = delete;
    ~RuleLines();

    // The rules of a bank that has just come into force.
    void add_bank(std::uint64_t bank, const Config &config, const Environment &environment);
    // Tells of the lines that were lost since the last call.
    void tell_lost();

private:
    RuleLines(maps::LogLines ring, Loop &loop, const maps::TallyCounters &tallies)
        : ring_(std::move(ring)), loop_(loop), tallies_(tallies)
    {
    }
    bool write_some();

    maps::LogLines ring_;
    Loop &loop_;
    const maps::TallyCounters &tallies_;
    RuleLog rules_;
    std::uint64_t lost_ = 0; // that the log knows of
};

} // namespace tg
