// SPDX-License-Identifier: Apache-2.0
// The agent's part with fragments that came before their first one: the agent's own rules, with the
// ring and the programs of the datapath under test.
#pragma once

#include <functional>
#include <vector>

#include "control/conntrack/holding.h"
#include "tests/harness/datapath.h"

namespace tg::test {

class EarlyPieces final : private PieceWay {
public:
    using GoOn = std::function<void(const tg_piece &)>;
    using GiveUp = std::function<void(const tg_given_up &)>;
    EarlyPieces(Datapath &datapath, GoOn go_on, GiveUp give_up);

    // As in the beginning.
    void reset();
    // Takes what is in the ring, held at `now`, a number of ticks since the beginning.
    void collect(std::uint64_t now);
    // Does what the agent would do by now.
    void act(std::uint64_t now);

private:
    bool open(const tg_fragment_key &key) override;
    bool reinject(const tg_piece &piece) override;
    void give_up(const tg_given_up &pieces) override;

    Datapath &datapath_;
    GoOn go_on_;
    GiveUp give_up_;
    std::vector<Bytes> records_;
    Holding holding_;
};

} // namespace tg::test
