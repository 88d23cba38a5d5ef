// SPDX-License-Identifier: Apache-2.0
// The effective timeout of a connection: the shorter of what its class and its facts say.
#include "bpf/core/expiry.h"

#include <array>
#include <gtest/gtest.h>
#include <vector>

namespace {

constexpr __u16 answered = TG_CONN_FLAG_SEEN_REPLY;
constexpr __u32 window = 100U << TG_TCP_LAST_WINDOW_SHIFT;
constexpr __u32 repeats = TG_TCP_REPEATS_MAX << TG_TCP_LAST_REPEATS_SHIFT;
constexpr __u32 both_acked = static_cast<__u32>(TG_TCP_END_ACKED) << TG_TCP_FLAGS_SHIFT(0) |
                             static_cast<__u32>(TG_TCP_END_ACKED) << TG_TCP_FLAGS_SHIFT(1);

struct Row {
    const char *what;
    __u8 timeout, state;
    __u16 flags;
    __u32 word, last;
    __u32 original_end, reply_ack, reply_end, original_ack;
    __u32 expected;
};

TEST(Expiry, EffectiveTimeout)
{
    std::array<__u32, TG_TIMEOUT_SLOTS> seconds = {};
    seconds[TG_TIMEOUT_TCP_ESTABLISHED] = 1000;
    seconds[TG_TIMEOUT_TCP_CLOSE] = 10;
    seconds[TG_TIMEOUT_UDP] = 30;
    seconds[TG_TIMEOUT_TCP_UNACKED] = 300;
    seconds[TG_TIMEOUT_TCP_MAX_RETRANS] = 200;
    constexpr __u8 established = TG_TIMEOUT_TCP_ESTABLISHED, in = TG_TCP_STATE_ESTABLISHED;
    const std::vector<Row> rows = {
        {"its class", established, in, answered, both_acked, window, 5, 5, 9, 9, 1000},
        {"not TCP", TG_TIMEOUT_UDP, TG_TCP_STATE_NONE, 0, 0, 0, 5, 4, 9, 8, 30},
        {"original's data not acknowledged", established, in, answered, both_acked, window, 6, 5, 9,
         9, 300},
        {"reply's data not acknowledged", established, in, answered, both_acked, window, 5, 5, 10,
         9, 300},
        {"nothing was ever acknowledged", established, in, answered, 0, window, 6, 5, 10, 9, 1000},
        {"repeated", established, in, answered, both_acked, window | repeats, 5, 5, 9, 9, 200},
        {"repeated once less", established, in, answered, both_acked,
         window | 2U << TG_TCP_LAST_REPEATS_SHIFT, 5, 5, 9, 9, 1000},
        {"a closed window", established, in, answered, both_acked, 0, 5, 5, 9, 9, 200},
        {"doubted", established, in, answered, both_acked | TG_TCP_DOUBTED, window, 5, 5, 9, 9,
         300},
        {"never answered", established, in, 0, both_acked, window, 5, 5, 9, 9, 300},
        {"a shorter class stays", TG_TIMEOUT_TCP_CLOSE, in, answered, both_acked, repeats, 6, 5, 9,
         9, 10},
    };
    for (const Row &row : rows) {
        tg_conn conn = {};
        conn.tcp.word = row.word;
        conn.tcp.last = row.last;
        conn.tcp.ends[TG_ORIGINAL].end = row.original_end;
        conn.tcp.ends[TG_REPLY].max_ack = row.reply_ack;
        conn.tcp.ends[TG_REPLY].end = row.reply_end;
        conn.tcp.ends[TG_ORIGINAL].max_ack = row.original_ack;
        conn.word = tg_word_make(1, row.timeout, row.state, row.flags);
        EXPECT_EQ(tg_conn_timeout(&conn, conn.word, seconds.data()), row.expected) << row.what;
    }
}

} // namespace
