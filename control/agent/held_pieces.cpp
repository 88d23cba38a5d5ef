// SPDX-License-Identifier: Apache-2.0
#include "control/agent/held_pieces.h"

#include "bpf/core/fragment.h"
#include "control/base/log.h"

namespace tg {
namespace {

// Pieces of one moment are given up together.
constexpr std::chrono::milliseconds expiry_interval{100};

} // namespace

HeldPieces::HeldPieces(maps::Pieces pieces, Loop &loop, const TickClock &clock)
    : pieces_(std::move(pieces)), loop_(loop), clock_(clock),
      holding_(*this, clock.ticks_per_second())
{
}

HeldPieces::~HeldPieces()
{
    loop_.forget(pieces_.fd());
}

Result<std::unique_ptr<HeldPieces>> HeldPieces::start(const std::filesystem::path &bpffs,
                                                      Loop &loop, const TickClock &clock)
{
    Result<maps::Pieces> pieces = maps::Pieces::open(bpffs);
    if (!pieces) {
        return std::unexpected(pieces.error());
    }
    std::unique_ptr<HeldPieces> held(new HeldPieces(std::move(*pieces), loop, clock));
    HeldPieces *made = held.get();
    Result<Timer> timer = Timer::make(loop, [made] { made->expire(); });
    if (!timer) {
        return std::unexpected(timer.error());
    }
    held->timer_ = std::make_unique<Timer>(std::move(*timer));
    if (const Result<void> watched = loop.watch(made->pieces_.fd(), [made] { made->take(); });
        !watched) {
        return std::unexpected(watched.error());
    }
    made->take(); // what a former agent has left
    return held;
}

void HeldPieces::take()
{
    const bool idle = holding_.pieces() == 0;
    const Result<void> taken = pieces_.take(
        {.piece = [this](const tg_piece &piece) { holding_.piece(piece, clock_.now()); },
         .first = [this](const tg_fragment_key &key) { holding_.first(key); }});
    if (!taken) {
        log_error("{}", to_string(taken.error()));
    }
    if (idle && holding_.pieces() != 0) {
        timer_->set(expiry_interval);
    }
}

void HeldPieces::expire()
{
    holding_.expire(clock_.now());
    if (holding_.pieces() != 0) {
        timer_->set(expiry_interval);
    }
}

bool HeldPieces::open(const tg_fragment_key &key)
{
    const Result<std::optional<tg_fragment>> datagram = pieces_.datagram(key);
    return datagram && *datagram &&
           tg_fragment_open(&**datagram, clock_.now(), clock_.ticks_per_second());
}

bool HeldPieces::reinject(const tg_piece &piece)
{
    return pieces_.reinject(piece).has_value();
}

void HeldPieces::give_up(const tg_given_up &pieces)
{
    if (const Result<void> counted = pieces_.give_up(pieces); !counted) {
        log_error("{}", to_string(counted.error()));
    }
}

} // namespace tg
