/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* When a connection is over: the one definition for datapath, sweep and print. */
#pragma once

#include "core/base.h"
#include "tidegate/conn.h"
#include "tidegate/timeout.h"

/* Whether an end has sent what the other one has not acknowledged, as far as we know of either. */
TG_INLINE bool tg_tcp_unacked(const struct tg_tcp *tcp)
{
    const struct tg_tcp_end *original = &tcp->ends[TG_ORIGINAL], *reply = &tcp->ends[TG_REPLY];
    __u32 acked = (__u32)TG_TCP_END_ACKED;

    return (tcp->word >> TG_TCP_FLAGS_SHIFT(TG_REPLY) & acked && original->end != reply->max_ack) ||
           (tcp->word >> TG_TCP_FLAGS_SHIFT(TG_ORIGINAL) & acked &&
            reply->end != original->max_ack);
}

/* Whether an end sends the same again and again, or waits for the other end's window to open. */
TG_INLINE bool tg_tcp_stalls(const struct tg_tcp *tcp)
{
    return (tcp->last >> TG_TCP_LAST_REPEATS_SHIFT & 3) >= TG_TCP_REPEATS_MAX ||
           (tcp->last >> TG_TCP_LAST_WINDOW_SHIFT & 0xffff) == 0;
}

TG_INLINE __u32 tg_lesser(__u32 a, __u32 b)
{
    return a < b ? a : b;
}

/*
 * The timeout of a connection, in seconds: that of its class, or of what keeps TCP from going on if
 * that is shorter. `timeouts` are the TG_TIMEOUT_SLOTS values in force, by enum tg_timeout. What is
 * read of the record may be just being changed: then the facts before or after a packet of this
 * moment count, and either is right.
 */
TG_INLINE __u32 tg_conn_timeout(const struct tg_conn *conn, __u64 word, const __u32 *timeouts)
{
    __u32 seconds = timeouts[tg_opaque(tg_word_timeout(word)) & (TG_TIMEOUT_SLOTS - 1)];
    __u8 state = tg_word_tcp_state(word);

    if (state == TG_TCP_STATE_NONE)
        return seconds;
    if (tg_tcp_stalls(&conn->tcp))
        seconds = tg_lesser(seconds, timeouts[TG_TIMEOUT_TCP_MAX_RETRANS]);
    if ((conn->tcp.word & TG_TCP_DOUBTED) || tg_tcp_unacked(&conn->tcp) ||
        (state == TG_TCP_STATE_ESTABLISHED && !(tg_word_flags(word) & TG_CONN_FLAG_SEEN_REPLY)))
        seconds = tg_lesser(seconds, timeouts[TG_TIMEOUT_TCP_UNACKED]);
    return seconds;
}

/*
 * Ticks until a connection last seen at `last_seen` expires, both in jiffies; 0: it is overdue. A
 * `now` before `last_seen` (another CPU has just refreshed it) counts as no time passed.
 */
TG_INLINE __u64 tg_ticks_left(__u64 now, __u64 last_seen, __u32 timeout_seconds,
                              __u32 ticks_per_second)
{
    __u64 timeout = (__u64)timeout_seconds * ticks_per_second;
    __u64 idle = now > last_seen ? now - last_seen : 0;

    return idle < timeout ? timeout - idle : 0;
}

TG_INLINE bool tg_overdue(__u64 now, __u64 last_seen, __u32 timeout_seconds, __u32 ticks_per_second)
{
    return tg_ticks_left(now, last_seen, timeout_seconds, ticks_per_second) == 0;
}

/*
 * Whether `last_seen` is old enough to be worth a store: later than min(1 s, timeout/8), so that
 * a busy connection does not move its cache line between CPUs with every packet.
 */
TG_INLINE bool tg_refresh_due(__u64 now, __u64 last_seen, __u32 timeout_seconds,
                              __u32 ticks_per_second)
{
    __u64 lag = (__u64)timeout_seconds * ticks_per_second / 8;

    if (lag > ticks_per_second)
        lag = ticks_per_second;
    return now > last_seen + lag;
}
