// SPDX-License-Identifier: Apache-2.0
// Pieces of datagrams that came before their first one, until that is known: who waits, how many at
// most, and for how long. Knows no map and no clock.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "tidegate/fragment.h"
#include "tidegate/verdict.h"

namespace tg {

// What holding asks of the datapath.
class PieceWay {
public:
    virtual ~PieceWay() = default;
    // Whether the datagram's first piece is known, so that its others can be judged.
    virtual bool open(const tg_fragment_key &key) = 0;
    // False: there is no way back, since its interface has gone.
    virtual bool reinject(const tg_piece &piece) = 0;
    virtual void give_up(const tg_given_up &pieces) = 0;
};

class Holding {
public:
    // `way` must outlive it.
    Holding(PieceWay &way, std::uint32_t ticks_per_second)
        : way_(way), ticks_per_second_(ticks_per_second)
    {
    }

    // A piece has come at jiffies `now`: it is held, or goes on at once, or there is no room.
    void piece(const tg_piece &piece, std::uint64_t now);
    // The first piece of the datagram is known: the others go on in the order they came in.
    void first(const tg_fragment_key &key);
    // Gives up what was held for TG_LIMIT_HELD_SECONDS.
    void expire(std::uint64_t now);

    // Forgets all, as if it had never come.
    void clear();

    [[nodiscard]] std::size_t pieces() const
    {
        return pieces_.size();
    }
    [[nodiscard]] std::size_t bytes() const
    {
        return bytes_;
    }

private:
    using Pieces = std::list<tg_piece>; // in the order they came in
    [[nodiscard]] bool has_room(const tg_piece &piece) const;
    [[nodiscard]] bool overdue(const tg_piece &piece, std::uint64_t now) const;
    void go_on(const tg_piece &piece);
    void forget(Pieces::iterator piece);

    PieceWay &way_;
    std::uint32_t ticks_per_second_;
    Pieces pieces_;
    std::map<std::string, std::vector<Pieces::iterator>> datagrams_; // by key, in their order
    std::map<std::string, std::size_t> sources_;                     // pieces held
    std::size_t bytes_ = 0;
};

} // namespace tg
