// SPDX-License-Identifier: Apache-2.0
// What a run of commands prints: kept back while an error could still undo the run, then passed on
// piece by piece. Bounded either way.
#pragma once

#include <string>

#include "control/config/execute.h"
#include "control/rpc/server.h"

namespace tg {

class RunOutput final : public Sink {
public:
    // A run that `must_hold` passes nothing on before release; another one does if it prints more
    // than limit_held_output.
    RunOutput(rpc::Output &client, bool must_hold) : client_(client), must_hold_(must_hold) {}
    void write(std::string_view text) override;
    // Only what need not be kept back.
    void flush() override;

    // Nothing can undo the run any more: what was kept goes out, and so does all that follows.
    void release();
    // More was printed than can be kept; the rest is lost.
    [[nodiscard]] bool overflowed() const
    {
        return overflowed_;
    }
    // Somebody reads and waits for more.
    [[nodiscard]] bool wanted() const
    {
        return !abandoned_ && client_.wanted();
    }
    // Nobody is there to read.
    [[nodiscard]] bool abandoned() const
    {
        return abandoned_;
    }

private:
    rpc::Output &client_;
    bool must_hold_;
    std::string held_;
    bool released_ = false;
    bool overflowed_ = false;
    bool abandoned_ = false;
};

} // namespace tg
