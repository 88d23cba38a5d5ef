// SPDX-License-Identifier: Apache-2.0
// How often each cell of the table of TCP has been asked: state × direction × kind of segment.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/differential/tracker.h"

namespace tg::test {

enum class Kind : std::uint8_t { syn, syn_ack, fin, ack, rst, none };
inline constexpr std::size_t kind_count = 6;

// By its flags, as the trackers tell them apart; none: no conforming sender would set them so.
Kind kind_of(std::uint8_t tcp_flags);

// What a segment meets. Without a connection every direction is the original one.
struct Cell {
    std::uint8_t state = TG_TCP_STATE_NONE;
    bool reply = false;
    Kind kind = Kind::none;
};

Cell cell_of(const std::optional<Standing> &standing, bool from_server, Kind kind);

class Coverage {
public:
    void note(const Cell &cell, bool accepted);
    [[nodiscard]] std::uint64_t count(const Cell &cell) const
    {
        return cells_[index(cell)].asked;
    }
    // A line for each state and direction.
    [[nodiscard]] std::string report() const;
    // The cells that were asked less often than this.
    [[nodiscard]] std::vector<std::string> below(std::uint64_t bound) const;

private:
    struct Count {
        std::uint64_t asked = 0;
        std::uint64_t accepted = 0;
    };
    static std::size_t index(const Cell &cell)
    {
        return (cell.state * std::size_t{2} + (cell.reply ? 1 : 0)) * kind_count +
               static_cast<std::size_t>(cell.kind);
    }
    std::array<Count, TG_TCP_STATE_COUNT * std::size_t{2} * kind_count> cells_ = {};
};

} // namespace tg::test
