/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A TCP connection as one segment sees it: its sender, its receiver, the segment before it. */
#pragma once

#include "core/base.h"
#include "tidegate/conn.h"

struct tg_tcp_side {
    struct tg_tcp_end bounds;
    __u8 flags; /* TG_TCP_END_* */
    __u8 scale;
    bool fresh; /* the bounds are new: they replace what was known instead of moving it forward */
};

/* What becomes of the connection by the segment. */
struct tg_tcp_step {
    __u8 fate;    /* enum tg_tcp_fate */
    __u8 state;   /* enum tg_tcp_state afterwards */
    __u8 timeout; /* enum tg_timeout afterwards */
    __u8 invalid; /* enum tg_invalid */
    bool refresh; /* the timeout starts anew */
    bool doubt;   /* invalid, and yet the connection may be over: TG_TCP_DOUBTED was set */
};

struct tg_tcp_view {
    struct tg_tcp_step step;
    struct tg_tcp_side sender, receiver;
    __u32 word; /* struct tg_tcp.word, of which the sides' flags and scales are shown above */
    __u32 last_sequence;
    __u32 last_acknowledgement;
    __u32 last_end;
    __u16 last_window;
    __u8 last_segment;   /* enum tg_segment, TG_SEGMENT_COUNT: none */
    __u8 last_direction; /* of that segment */
    __u8 last_repeats;
    __u8 direction; /* of this one */
};

TG_INLINE __u8 tg_tcp_word_flags(__u32 word, __u32 direction)
{
    return word >> TG_TCP_FLAGS_SHIFT(direction) & 0x1f;
}

TG_INLINE __u8 tg_tcp_word_scale(__u32 word, __u32 direction)
{
    return word >> TG_TCP_SCALE_SHIFT(direction) & 0x0f;
}

/* The word with the sides' flags and scales in it. */
TG_INLINE __u32 tg_tcp_view_word(const struct tg_tcp_view *view)
{
    __u32 us = view->direction, them = !us;
    __u32 word = view->word & ~0x3ffffu;

    word |= (__u32)view->sender.flags << TG_TCP_FLAGS_SHIFT(us);
    word |= (__u32)view->receiver.flags << TG_TCP_FLAGS_SHIFT(them);
    word |= (__u32)view->sender.scale << TG_TCP_SCALE_SHIFT(us);
    return word | (__u32)view->receiver.scale << TG_TCP_SCALE_SHIFT(them);
}

TG_INLINE void tg_tcp_view_set_word(struct tg_tcp_view *view, __u32 word)
{
    __u32 us = view->direction, them = !us;

    view->word = word;
    view->sender.flags = tg_tcp_word_flags(word, us);
    view->sender.scale = tg_tcp_word_scale(word, us);
    view->receiver.flags = tg_tcp_word_flags(word, them);
    view->receiver.scale = tg_tcp_word_scale(word, them);
}

TG_INLINE __u32 tg_tcp_view_last(const struct tg_tcp_view *view)
{
    return (__u32)view->last_window << TG_TCP_LAST_WINDOW_SHIFT |
           (__u32)view->last_segment << TG_TCP_LAST_SEGMENT_SHIFT |
           (__u32)view->last_direction << TG_TCP_LAST_DIRECTION_SHIFT |
           (__u32)view->last_repeats << TG_TCP_LAST_REPEATS_SHIFT;
}

TG_INLINE void tg_tcp_view_set_last(struct tg_tcp_view *view, __u32 last)
{
    view->last_window = (__u16)(last >> TG_TCP_LAST_WINDOW_SHIFT);
    view->last_segment = last >> TG_TCP_LAST_SEGMENT_SHIFT & 7;
    view->last_direction = last >> TG_TCP_LAST_DIRECTION_SHIFT & 1;
    view->last_repeats = last >> TG_TCP_LAST_REPEATS_SHIFT & 3;
}
