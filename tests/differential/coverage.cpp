// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/coverage.h"

#include <fmt/format.h>

#include "bpf/core/parse_l4.h"

namespace tg::test {
namespace {

constexpr std::array<std::string_view, TG_TCP_STATE_COUNT> states = {
#define TG_X(name, text) text,
    TG_TCP_STATES(TG_X)
#undef TG_X
};
constexpr std::array<std::string_view, kind_count> kinds = {"syn", "syn-ack", "fin",
                                                            "ack", "rst",     "none"};

// All that a tracker can be asked; without a connection there is no reply.
std::vector<Cell> all_cells()
{
    std::vector<Cell> cells;
    for (std::uint8_t state = 0; state < TG_TCP_STATE_COUNT; state++) {
        for (const bool reply : {false, true}) {
            for (std::size_t kind = 0; kind < kind_count; kind++) {
                if (!reply || state != TG_TCP_STATE_NONE) {
                    cells.push_back({state, reply, static_cast<Kind>(kind)});
                }
            }
        }
    }
    return cells;
}

} // namespace

Kind kind_of(std::uint8_t tcp_flags)
{
    if (!tg_tcp_flags_possible(tcp_flags)) {
        return Kind::none;
    }
    if ((tcp_flags & TG_TCP_RST) != 0) {
        return Kind::rst;
    }
    if ((tcp_flags & TG_TCP_SYN) != 0) {
        return (tcp_flags & TG_TCP_ACK) != 0 ? Kind::syn_ack : Kind::syn;
    }
    return (tcp_flags & TG_TCP_FIN) != 0 ? Kind::fin : Kind::ack;
}

Cell cell_of(const std::optional<Standing> &standing, bool from_server, Kind kind)
{
    if (!standing) {
        return {TG_TCP_STATE_NONE, false, kind};
    }
    return {standing->state, from_server != standing->reverse, kind};
}

void Coverage::note(const Cell &cell, bool accepted)
{
    Count &count = cells_[index(cell)];
    count.asked++;
    count.accepted += accepted ? 1 : 0;
}

std::string Coverage::report() const
{
    std::string text = "segments asked / of them not invalid to the kernel:\n";
    for (const Cell &cell : all_cells()) {
        if (cell.kind == Kind::syn) {
            text += fmt::format("  {:<11} {:<8}", states[cell.state],
                                cell.reply ? "reply" : "original");
        }
        const Count &count = cells_[index(cell)];
        text += fmt::format(" {} {}/{}{}", kinds[static_cast<std::size_t>(cell.kind)], count.asked,
                            count.accepted, cell.kind == Kind::none ? "\n" : ",");
    }
    return text;
}

std::vector<std::string> Coverage::below(std::uint64_t bound) const
{
    std::vector<std::string> result;
    for (const Cell &cell : all_cells()) {
        if (count(cell) < bound) {
            result.push_back(fmt::format("{} {} {}: {}", states[cell.state],
                                         cell.reply ? "reply" : "original",
                                         kinds[static_cast<std::size_t>(cell.kind)], count(cell)));
        }
    }
    return result;
}

} // namespace tg::test
