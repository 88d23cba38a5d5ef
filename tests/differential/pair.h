// SPDX-License-Identifier: Apache-2.0
// Two routers that live the same life, one hosted and one in the kernel, and how they differ.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/harness/case.h"

namespace tg::test {

// What one step did, and every way in which the two do not agree.
struct PairStep {
    std::optional<Outcome> outcome = {}; // of a packet that both were given
    std::vector<Outcome> pieces = {};    // of fragments the agent has dealt with
    std::vector<std::string> differences = {};
};

class Pair {
public:
    Pair();
    // As after the loader, both.
    void reset();
    // A step of a case; or "answer N", which answers one of the connections that are translated, as
    // N chooses, or has a stranger answer it.
    PairStep run(const Step &step);
    // The one whose clock does not stand still.
    [[nodiscard]] Datapath &kernel()
    {
        return kernel_.datapath();
    }
    // The table as both have it.
    [[nodiscard]] std::vector<TableRow> table() const
    {
        return hosted_.table();
    }

private:
    PairStep run_packet(const Step &step);
    std::vector<std::string> both(const std::function<std::string(Router &)> &action);

    Router kernel_;
    Router hosted_;
};

} // namespace tg::test
