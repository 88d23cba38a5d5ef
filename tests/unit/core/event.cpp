// SPDX-License-Identifier: Apache-2.0
// Which steps of a connection are told, and as what.
#include "bpf/core/event.h"

#include <gtest/gtest.h>

namespace tg {
namespace {

constexpr std::uint32_t nothing = TG_EVENT_COUNT;

std::uint64_t word(unsigned tcp_state, unsigned flags, unsigned timeout = 0)
{
    return tg_word_make(7, static_cast<std::uint8_t>(timeout), static_cast<std::uint8_t>(tcp_state),
                        static_cast<std::uint16_t>(flags));
}

TEST(Event, OfEveryKindOfStep)
{
    constexpr unsigned confirmed = TG_CONN_FLAG_CONFIRMED;
    struct Row {
        const char *what;
        std::uint64_t old, next;
        std::uint32_t expected;
    };
    const Row rows[] = {
        {"nothing", word(0, confirmed), word(0, confirmed), nothing},
        {"another timeout class", word(0, confirmed, 1), word(0, confirmed, 2), nothing},
        {"a TCP state", word(TG_TCP_STATE_SYN_SENT, confirmed),
         word(TG_TCP_STATE_SYN_RECV, confirmed), TG_EVENT_UPDATE},
        {"unfinished", word(0, confirmed | TG_CONN_FLAG_DYING),
         word(0, confirmed | TG_CONN_FLAG_DYING | TG_CONN_UNFINISHED), nothing},
        {"inherited", word(0, confirmed | TG_CONN_FLAG_DYING | TG_CONN_UNFINISHED),
         word(0, confirmed | TG_CONN_FLAG_DYING), nothing},
        {"the end", word(TG_TCP_STATE_CLOSE, confirmed),
         word(TG_TCP_STATE_CLOSE, confirmed | TG_CONN_FLAG_DYING), TG_EVENT_DESTROY},
        {"a new state and the end", word(TG_TCP_STATE_CLOSE, confirmed),
         word(TG_TCP_STATE_NONE, confirmed | TG_CONN_FLAG_DYING), TG_EVENT_DESTROY},
    };
    for (const Row &row : rows) {
        EXPECT_EQ(tg_event_of(row.old, row.next), row.expected) << row.what;
    }
}

TEST(Event, OfEveryFlagUsersSee)
{
    for (unsigned bit = 0; bit < TG_CONN_FLAG_COUNT; bit++) {
        const std::uint32_t expected =
            bit == TG_CONN_FLAG_BIT_DYING ? TG_EVENT_DESTROY : TG_EVENT_UPDATE;
        EXPECT_EQ(tg_event_of(word(0, 0), word(0, 1u << bit)), expected) << bit;
    }
    EXPECT_EQ(tg_event_of(word(0, TG_CONN_PENDING), word(0, 0)), nothing);
}

} // namespace
} // namespace tg
