// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/early_pieces.h"

#include <algorithm>

#include "bpf/core/fragment.h"

namespace tg::test {

EarlyPieces::EarlyPieces(Datapath &datapath, GoOn go_on, GiveUp give_up)
    : datapath_(datapath), go_on_(std::move(go_on)), give_up_(std::move(give_up)),
      holding_(*this, datapath.ticks_per_second())
{
}

void EarlyPieces::reset()
{
    datapath_.take_pieces();
    records_.clear();
    holding_.clear();
}

void EarlyPieces::collect(std::uint64_t now)
{
    for (Bytes &record : datapath_.take_pieces()) {
        if (record.size() == sizeof(tg_piece)) {
            auto piece = value_of<tg_piece>(record);
            piece.held = now;
            record = bytes_of(piece);
        }
        records_.push_back(std::move(record));
    }
}

void EarlyPieces::act(std::uint64_t now)
{
    const std::vector<Bytes> records = std::exchange(records_, {});
    for (const Bytes &record : records) {
        if (record.size() == sizeof(tg_piece)) {
            holding_.piece(value_of<tg_piece>(record), now);
        } else {
            holding_.first(value_of<tg_fragment_key>(record));
        }
    }
    holding_.expire(now);
}

bool EarlyPieces::open(const tg_fragment_key &key)
{
    const auto found = datapath_.lookup("tg_fragments", bytes_of(key));
    if (!found) {
        return false;
    }
    const auto fragment = value_of<tg_fragment>(*found);
    return tg_fragment_open(&fragment, datapath_.now(), datapath_.ticks_per_second());
}

bool EarlyPieces::reinject(const tg_piece &piece)
{
    go_on_(piece);
    return true;
}

void EarlyPieces::give_up(const tg_given_up &pieces)
{
    give_up_(pieces);
}

} // namespace tg::test
