// SPDX-License-Identifier: Apache-2.0
// The windows of TCP at their edges, wherever on the circle of sequence numbers they lie.
#include "bpf/core/tcp_window.h"

#include <gtest/gtest.h>
#include <vector>

namespace {

// Ends that have said enough: bounds count from `base` of each.
struct Bounds {
    __u32 end, max_end, max_window;
};
constexpr Bounds ours = {1000, 3000, 2000}, theirs = {500, 100000, 70000};

tg_tcp_view view_at(__u32 our_base, __u32 their_base)
{
    tg_tcp_view view = {};
    view.sender.bounds = {our_base + ours.end, our_base + ours.max_end, ours.max_window, 0};
    view.receiver.bounds = {their_base + theirs.end, their_base + theirs.max_end, theirs.max_window,
                            0};
    view.sender.flags = view.receiver.flags = TG_TCP_END_ACKED;
    view.sender.bounds.max_ack = their_base + theirs.end;
    view.receiver.bounds.max_ack = our_base + ours.end;
    view.last_segment = TG_SEGMENT_COUNT;
    return view;
}

struct Row {
    const char *what;
    int sequence, length, acknowledgement;
    tg_tcp_fit expected;
};

TEST(TcpWindow, EveryBoundAtItsEdgeAndOnePast)
{
    const std::vector<Row> rows = {
        {"next data", 1000, 100, 500, TG_TCP_FITS},
        {"data begins at the upper bound", 3000, 100, 500, TG_TCP_FITS},
        {"one past it, and little", 3001, 100, 500, TG_TCP_STRAYS},
        {"as much as is forgiven", 3001, 69998, 500, TG_TCP_STRAYS},
        {"one more", 3001, 69999, 500, TG_TCP_BEYOND},
        {"far beyond", 200000, 0, 500, TG_TCP_BEYOND},
        {"old data that ends at the lower bound", -70000, 1000, 500, TG_TCP_FITS},
        {"one before it", -70000, 999, 500, TG_TCP_STRAYS},
        {"all that was sent is acknowledged", 1000, 0, 500, TG_TCP_FITS},
        {"one more than was sent", 1000, 0, 501, TG_TCP_UNSENT_ACKED},
        {"an acknowledgement at the lower bound", 1000, 0, 500 - 66000, TG_TCP_FITS},
        {"one before it", 1000, 0, 500 - 66001, TG_TCP_STRAYS},
        {"too far, and acknowledges what was not sent", 3001, 10, 501, TG_TCP_BEYOND},
        {"too far, and acknowledges what is old", 3001, 10, 500 - 66001, TG_TCP_BEYOND},
    };
    for (const __u32 our_base : {0U, 0x7fffff00U, 0xfffffc00U, 0xffffffffU}) {
        for (const __u32 their_base : {0U, 0x7ffffff0U, 0xfffffff0U}) {
            for (const Row &row : rows) {
                tg_tcp_view view = view_at(our_base, their_base);
                const __u32 sequence = our_base + static_cast<__u32>(row.sequence);
                const __u32 ack = their_base + static_cast<__u32>(row.acknowledgement);
                const tg_tcp_numbers tcp = {
                    sequence, ack, ack, sequence + static_cast<__u32>(row.length), 100, 0, 0};
                EXPECT_EQ(tg_tcp_window(&tcp, TG_TCP_ACK, TG_TCP_STATE_ESTABLISHED, 0, &view),
                          row.expected)
                    << row.what << " at " << our_base << ", " << their_base;
            }
        }
    }
}

TEST(TcpWindow, LiberalLetsPassAllOfIt)
{
    for (const __u32 sequence : {0U, 1000U, 500000U, 0x80000000U, 0xffff0000U}) {
        tg_tcp_view view = view_at(0, 0);
        const tg_tcp_numbers tcp = {sequence, 90000, 90000, sequence, 100, 0, 0};
        EXPECT_EQ(tg_tcp_window(&tcp, TG_TCP_ACK, TG_TCP_STATE_ESTABLISHED, 1, &view), TG_TCP_FITS);
        view = view_at(0, 0);
        view.sender.flags |= TG_TCP_END_LIBERAL;
        EXPECT_EQ(tg_tcp_window(&tcp, TG_TCP_ACK, TG_TCP_STATE_ESTABLISHED, 0, &view), TG_TCP_FITS);
    }
}

TEST(TcpWindow, WhatFitsMovesTheBounds)
{
    tg_tcp_view view = view_at(0, 0);
    view.sender.scale = 3;
    const tg_tcp_numbers tcp = {2900, 400, 400, 3500, 500, 0, 0};
    ASSERT_EQ(tg_tcp_window(&tcp, TG_TCP_ACK, TG_TCP_STATE_ESTABLISHED, 0, &view), TG_TCP_FITS);
    EXPECT_EQ(view.sender.bounds.end, 3500u);
    EXPECT_EQ(view.sender.bounds.max_window, 4000u);           // 500 << 3
    EXPECT_EQ(view.sender.bounds.max_ack, 500u);               // 400 is older
    EXPECT_EQ(view.receiver.bounds.max_window, 70000u + 500u); // 3500 lies 500 beyond 3000
    EXPECT_EQ(view.receiver.bounds.max_end, theirs.max_end);   // 4400 is less
    EXPECT_EQ(view.receiver.bounds.end, theirs.end);
}

TEST(TcpWindow, AClosedWindowTakesAProbe)
{
    tg_tcp_view view = view_at(0, 0);
    view.receiver.bounds.max_end = 500;
    const tg_tcp_numbers closed = {1000, 500, 500, 1000, 0, 0, 0};
    ASSERT_EQ(tg_tcp_window(&closed, TG_TCP_ACK, TG_TCP_STATE_ESTABLISHED, 0, &view), TG_TCP_FITS);
    EXPECT_EQ(view.receiver.bounds.max_end, 501u);
}

TEST(TcpWindow, GrowingWindowsStopAtTheLargest)
{
    tg_tcp_view view = view_at(0, 0);
    view.receiver.bounds.max_window = TG_TCP_WINDOW_MAX - 10;
    const tg_tcp_numbers tcp = {2900, 500, 500, 3500, 500, 0, 0};
    ASSERT_EQ(tg_tcp_window(&tcp, TG_TCP_ACK, TG_TCP_STATE_ESTABLISHED, 0, &view), TG_TCP_FITS);
    EXPECT_EQ(view.receiver.bounds.max_window, TG_TCP_WINDOW_MAX);
}

TEST(TcpWindow, WhatStraysMovesNothingButWhatItSent)
{
    tg_tcp_view view = view_at(0, 0);
    tg_tcp_view before = view;
    const tg_tcp_numbers old = {0xfffe0000, 500, 500, 0xfffe0000, 9000, 0, 0};
    ASSERT_EQ(tg_tcp_window(&old, TG_TCP_ACK, TG_TCP_STATE_ESTABLISHED, 0, &view), TG_TCP_STRAYS);
    EXPECT_EQ(view.sender.bounds.end, before.sender.bounds.end);
    EXPECT_EQ(view.sender.bounds.max_window, before.sender.bounds.max_window);
    const tg_tcp_numbers far = {3100, 500, 500, 3200, 9000, 0, 0};
    ASSERT_EQ(tg_tcp_window(&far, TG_TCP_ACK, TG_TCP_STATE_ESTABLISHED, 0, &view), TG_TCP_STRAYS);
    EXPECT_EQ(view.sender.bounds.end, 3200u);
    EXPECT_EQ(view.sender.bounds.max_window, before.sender.bounds.max_window);
}

TEST(TcpWindow, RepeatsAreCountedUpToTheirLimit)
{
    tg_tcp_view view = view_at(0, 0);
    const tg_tcp_numbers tcp = {1000, 500, 500, 1100, 100, 0, 0};
    for (const unsigned expected : {0u, 1u, 2u, 3u, 3u}) {
        tg_tcp_window(&tcp, TG_TCP_ACK, TG_TCP_STATE_ESTABLISHED, 0, &view);
        EXPECT_EQ(view.last_repeats, expected);
    }
    const tg_tcp_numbers other = {1000, 500, 500, 1100, 101, 0, 0};
    tg_tcp_window(&other, TG_TCP_ACK, TG_TCP_STATE_ESTABLISHED, 0, &view);
    EXPECT_EQ(view.last_repeats, 0u);
}

// The word of the record and the view of it, for both directions.
TEST(TcpWindow, TheWordSurvivesTheView)
{
    for (__u8 direction = 0; direction < TG_DIRECTION_COUNT; direction++) {
        for (__u32 bit = 0; bit < 28; bit++) {
            tg_tcp_view view = {};
            view.direction = direction;
            tg_tcp_view_set_word(&view, 1U << bit);
            EXPECT_EQ(tg_tcp_view_word(&view), 1U << bit) << bit;
        }
        for (__u32 bit = 0; bit < 22; bit++) {
            tg_tcp_view view = {};
            tg_tcp_view_set_last(&view, 1U << bit);
            EXPECT_EQ(tg_tcp_view_last(&view), 1U << bit) << bit;
        }
    }
}

} // namespace
