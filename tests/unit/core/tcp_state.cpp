// SPDX-License-Identifier: Apache-2.0
// Every cell of the table of TCP's states, every combination of flags, every timeout class.
#include "bpf/core/tcp_state.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

namespace {

// Two letters a state, in the order of enum tg_tcp_state; then the three answers.
const std::vector<std::string> codes = {"--", "SS", "SR", "ES", "FW", "CW", "LA", "TW", "CL", "S2"};

std::string code(unsigned next)
{
    switch (next) {
    case TG_TCP_INVALID:
        return "iv";
    case TG_TCP_KEEP:
        return "kp";
    case TG_TCP_REOPEN:
        return "ro";
    default:
        return codes.at(next);
    }
}

struct Row {
    __u8 direction;
    __u8 segment;
    const char *next; // by state before: - SS SR ES FW CW LA TW CL S2
};

TEST(TcpState, EveryCell)
{
    const std::vector<Row> rows = {
        {TG_ORIGINAL, TG_SEGMENT_SYN, "SS SS kp kp kp kp kp ro ro S2"},
        {TG_ORIGINAL, TG_SEGMENT_SYN_ACK, "iv iv SR iv iv iv iv iv iv SR"},
        {TG_ORIGINAL, TG_SEGMENT_FIN, "iv iv FW FW LA LA LA TW CL iv"},
        {TG_ORIGINAL, TG_SEGMENT_ACK, "ES iv ES ES CW CW TW TW CL iv"},
        {TG_ORIGINAL, TG_SEGMENT_RST, "iv CL CL CL CL CL CL CL CL CL"},
        {TG_REPLY, TG_SEGMENT_SYN, "iv S2 iv iv iv iv iv ro iv S2"},
        {TG_REPLY, TG_SEGMENT_SYN_ACK, "iv SR kp kp kp kp kp kp kp SR"},
        {TG_REPLY, TG_SEGMENT_FIN, "iv iv FW FW LA LA LA TW CL iv"},
        {TG_REPLY, TG_SEGMENT_ACK, "iv kp SR ES CW CW TW TW CL kp"},
        {TG_REPLY, TG_SEGMENT_RST, "iv CL CL CL CL CL CL CL CL CL"},
    };
    EXPECT_EQ(rows.size(), std::size_t{TG_DIRECTION_COUNT} * TG_SEGMENT_COUNT);
    for (const Row &row : rows) {
        std::istringstream cells(row.next);
        std::string cell;
        for (__u8 state = 0; state < TG_TCP_STATE_COUNT; state++) {
            cells >> cell;
            EXPECT_EQ(code(tg_tcp_next(row.direction, row.segment, state)), cell)
                << "direction " << int{row.direction} << ", segment " << int{row.segment}
                << ", state " << codes.at(state);
        }
    }
}

TEST(TcpState, OutsideOfTheTableEverythingIsInvalid)
{
    EXPECT_EQ(tg_tcp_next(TG_DIRECTION_COUNT, 0, 0), TG_TCP_INVALID);
    EXPECT_EQ(tg_tcp_next(0, TG_SEGMENT_COUNT, 0), TG_TCP_INVALID);
    EXPECT_EQ(tg_tcp_next(0, 0, TG_TCP_STATE_COUNT), TG_TCP_INVALID);
}

// FSRPAUEC: what Linux takes as possible, whatever PSH, ECE and CWR are.
TEST(TcpState, EveryCombinationOfFlags)
{
    const std::vector<unsigned> possible = {
        TG_TCP_SYN,
        TG_TCP_SYN | TG_TCP_URG,
        TG_TCP_SYN | TG_TCP_ACK,
        TG_TCP_RST,
        TG_TCP_RST | TG_TCP_ACK,
        TG_TCP_FIN | TG_TCP_ACK,
        TG_TCP_FIN | TG_TCP_ACK | TG_TCP_URG,
        TG_TCP_ACK,
        TG_TCP_ACK | TG_TCP_URG,
    };
    for (unsigned flags = 0; flags < 256; flags++) {
        const unsigned rest = flags & ~unsigned{TG_TCP_PSH | TG_TCP_ECE | TG_TCP_CWR};
        const bool expected = std::ranges::find(possible, rest) != possible.end();
        EXPECT_EQ(tg_tcp_flags_possible(static_cast<__u8>(flags)), expected) << flags;
    }
}

TEST(TcpState, EveryStateHasItsTimeout)
{
    const std::vector<unsigned> expected = {
        TG_TIMEOUT_GENERIC,         TG_TIMEOUT_TCP_SYN_SENT,  TG_TIMEOUT_TCP_SYN_RECEIVED,
        TG_TIMEOUT_TCP_ESTABLISHED, TG_TIMEOUT_TCP_FIN_WAIT,  TG_TIMEOUT_TCP_CLOSE_WAIT,
        TG_TIMEOUT_TCP_LAST_ACK,    TG_TIMEOUT_TCP_TIME_WAIT, TG_TIMEOUT_TCP_CLOSE,
        TG_TIMEOUT_TCP_SYN_SENT,
    };
    ASSERT_EQ(expected.size(), std::size_t{TG_TCP_STATE_COUNT});
    for (__u8 state = 0; state < TG_TCP_STATE_COUNT; state++) {
        EXPECT_EQ(tg_tcp_timeout(state), expected.at(state)) << codes.at(state);
    }
}

} // namespace
