// SPDX-License-Identifier: Apache-2.0
// Holding at work: pieces come from the ring and go back by the reinject program, in the loop's
// thread.
#pragma once

#include <memory>

#include "control/agent/loop.h"
#include "control/conntrack/holding.h"
#include "control/maps/pieces.h"
#include "control/maps/tick_clock.h"

namespace tg {

class HeldPieces final : private PieceWay {
public:
    // `loop` and `clock` must outlive it.
    static Result<std::unique_ptr<HeldPieces>> start(const std::filesystem::path &bpffs, Loop &loop,
                                                     const TickClock &clock);
    HeldPieces(const HeldPieces &) = delete;
    HeldPieces &operator=(const HeldPieces &) = delete;
    ~HeldPieces() override;

private:
    HeldPieces(maps::Pieces pieces, Loop &loop, const TickClock &clock);
    void take();
    void expire();

    bool open(const tg_fragment_key &key) override;
    bool reinject(const tg_piece &piece) override;
    void give_up(const tg_given_up &pieces) override;

    maps::Pieces pieces_;
    Loop &loop_;
    const TickClock &clock_;
    Holding holding_;
    std::unique_ptr<Timer> timer_;
};

} // namespace tg
