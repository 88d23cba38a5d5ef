// SPDX-License-Identifier: Apache-2.0
#include "control/conntrack/holding.h"

#include <algorithm>

#include "bpf/core/expiry.h"

namespace tg {
namespace {

std::string datagram_of(const tg_piece &piece)
{
    return {reinterpret_cast<const char *>(&piece.key), sizeof piece.key};
}

// An IPv4 address, or an IPv6 /64.
std::string source_of(const tg_piece &piece)
{
    const tg_addr &source = piece.key.src;
    return {reinterpret_cast<const char *>(&source),
            piece.key.family == TG_FAMILY_IPV6 ? sizeof source / 2 : sizeof source};
}

tg_given_up one(tg_reason reason, const tg_piece &piece)
{
    return {.reason = static_cast<__u32>(reason), .zero = 0, .packets = 1, .bytes = piece.bytes};
}

} // namespace

bool Holding::has_room(const tg_piece &piece) const
{
    const auto source = sources_.find(source_of(piece));
    return pieces_.size() < TG_LIMIT_HELD_PIECES && bytes_ + piece.length <= TG_LIMIT_HELD_BYTES &&
           (source == sources_.end() || source->second < TG_LIMIT_HELD_BY_SOURCE);
}

bool Holding::overdue(const tg_piece &piece, std::uint64_t now) const
{
    return tg_overdue(now, piece.held, TG_LIMIT_HELD_SECONDS, ticks_per_second_);
}

void Holding::go_on(const tg_piece &piece)
{
    if (!way_.reinject(piece)) {
        way_.give_up(one(TG_REASON_FRAGMENT_EXPIRED, piece));
    }
}

void Holding::forget(Pieces::iterator piece)
{
    const std::string datagram = datagram_of(*piece), source = source_of(*piece);
    std::vector<Pieces::iterator> &others = datagrams_[datagram];
    std::erase(others, piece);
    if (others.empty()) {
        datagrams_.erase(datagram);
    }
    if (--sources_[source] == 0) {
        sources_.erase(source);
    }
    bytes_ -= piece->length;
    pieces_.erase(piece);
}

void Holding::piece(const tg_piece &piece, std::uint64_t now)
{
    if (overdue(piece, now)) { // it waited for an agent
        way_.give_up(one(TG_REASON_FRAGMENT_EXPIRED, piece));
    } else if (way_.open(piece.key)) {
        first(piece.key);
        go_on(piece);
    } else if (!has_room(piece)) {
        way_.give_up(one(TG_REASON_FRAGMENT_NO_ROOM, piece));
    } else {
        pieces_.push_back(piece);
        datagrams_[datagram_of(piece)].push_back(std::prev(pieces_.end()));
        sources_[source_of(piece)]++;
        bytes_ += piece.length;
    }
}

void Holding::first(const tg_fragment_key &key)
{
    const auto found =
        datagrams_.find(std::string(reinterpret_cast<const char *>(&key), sizeof key));
    if (found == datagrams_.end()) {
        return;
    }
    const std::vector<Pieces::iterator> waiting = found->second;
    for (const Pieces::iterator piece : waiting) {
        go_on(*piece);
        forget(piece);
    }
}

void Holding::clear()
{
    datagrams_.clear();
    sources_.clear();
    pieces_.clear();
    bytes_ = 0;
}

// Word of the first piece may have found the ring full: one last look.
void Holding::expire(std::uint64_t now)
{
    tg_given_up gone = {.reason = TG_REASON_FRAGMENT_EXPIRED, .zero = 0, .packets = 0, .bytes = 0};
    while (!pieces_.empty() && overdue(pieces_.front(), now)) {
        if (const tg_fragment_key key = pieces_.front().key; way_.open(key)) {
            first(key);
            continue;
        }
        gone.packets++;
        gone.bytes += pieces_.front().bytes;
        forget(pieces_.begin());
    }
    if (gone.packets != 0) {
        way_.give_up(gone);
    }
}

} // namespace tg
