/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections: found, opened, closed; confirm.h keeps what was opened. */
#pragma once

#include "core/conn_state.h"
#include "core/expiry.h"
#include "core/packet.h"
#include "path/bank.h"
#include "path/index.h"
#include "path/store.h"

/* What a connection's place in time is judged by. */
struct tg_moment {
    const struct tg_bank_header *settings;
    __u64 pickup_until; /* until then TCP connections are joined in their middle */
    __u32 ticks;        /* a second */
};

TG_INLINE struct tg_moment tg_moment_of(__u64 bank)
{
    const struct tg_layout *layout = tg_layout_now();
    struct tg_moment moment = {.settings = tg_bank_settings(bank)};

    if (layout) {
        moment.pickup_until = *(volatile __u64 *)&layout->pickup_until;
        moment.ticks = layout->ticks_per_second;
    }
    return moment;
}

TG_INLINE bool tg_conn_overdue(const struct tg_conn *conn, __u64 word, __u64 now,
                               const struct tg_moment *moment)
{
    return tg_overdue(now, *(volatile __u64 *)&conn->last_seen,
                      tg_conn_timeout(conn, word, moment->settings->timeouts), moment->ticks);
}

/* The same for those who are in no hurry: the verifier follows it once. */
__noinline int tg_conn_over(const struct tg_conn *conn, __u64 word, __u64 now, __u64 bank)
{
    struct tg_moment moment = tg_moment_of(bank);

    return !conn || tg_conn_overdue(conn, word, now, &moment);
}

/* Whether one of these flags is set and the connection is not dying. */
TG_INLINE bool tg_word_lives(__u64 word, __u16 flags)
{
    return (tg_word_flags(word) & flags) && !(tg_word_flags(word) & TG_CONN_FLAG_DYING);
}

/* What was found, if it lives. */
TG_INLINE struct tg_found tg_conn_found(struct tg_found found)
{
    if (!found.conn)
        return found;
    found.word = *(volatile __u64 *)&found.conn->word;
    if (!tg_word_lives(found.word, TG_CONN_FLAG_CONFIRMED | TG_CONN_PENDING))
        found.conn = NULL;
    return found;
}

/*
 * The connection with this tuple in one of its directions, and its word, which was that of a living
 * one: whoever reads it again may find it ended, and what it was translated to with it. Its record
 * may end and, after the grace period, live anew while the caller holds it: the state word, changed
 * by compare-and-swap with its generation, cannot be written then. Counters, last_seen and TCP's
 * bounds can, by a packet that was held up for so long; the worst is one packet counted for, one
 * refresh given to, or one bound moved forward in another connection, whose windows are wrong then
 * until it ends.
 */
TG_INLINE struct tg_found tg_conn_find(const struct tg_tuple *tuple, __u64 hash)
{
    return tg_conn_found(tg_index_find(tuple, hash));
}

/* As tg_conn_find, behind what was seen there. */
TG_INLINE struct tg_found tg_conn_find_seen(const struct tg_glance *seen,
                                            const struct tg_tuple *tuple, __u64 hash)
{
    return tg_conn_found(tg_index_find_seen(seen, tuple, hash));
}

/* How the packet, which goes in `direction`, sees its TCP connection. */
TG_INLINE void tg_conn_view(const struct tg_conn *conn, __u8 direction, struct tg_tcp_view *view)
{
    __u32 us = tg_opaque(direction) & 1, them = !us;
    const volatile struct tg_tcp *tcp = &conn->tcp;

    view->direction = (__u8)us;
    view->sender.bounds = *(const struct tg_tcp_end *)&tcp->ends[us];
    view->receiver.bounds = *(const struct tg_tcp_end *)&tcp->ends[them];
    view->sender.fresh = view->receiver.fresh = false;
    view->last_sequence = tcp->last_sequence;
    view->last_acknowledgement = tcp->last_acknowledgement;
    view->last_end = tcp->last_end;
    tg_tcp_view_set_last(view, tcp->last);
    tg_tcp_view_set_word(view, tcp->word);
}

/* What is known of a TCP connection by the packet that opens it in `direction`. */
TG_INLINE void tg_conn_open_tcp(const struct tg_packet *packet, __u8 direction, struct tg_tcp *tcp)
{
    struct tg_tcp_view view = {.direction = direction};

    tg_tcp_first(&packet->tcp, packet->tcp_flags, &view);
    tcp->ends[direction == TG_REPLY ? TG_REPLY : TG_ORIGINAL] = view.sender.bounds;
    tcp->word = tg_tcp_view_word(&view);
    tcp->last = tg_tcp_view_last(&view);
    tcp->last_sequence = view.last_sequence;
    tcp->last_acknowledgement = view.last_acknowledgement;
    tcp->last_end = view.last_end;
}

/* Prepares the connection the packet opens; nothing is stored before the packet is accepted. */
TG_INLINE void tg_conn_open(struct tg_packet *packet, __u8 timeout, __u8 tcp_state, __u16 flags,
                            __u8 direction)
{
    struct tg_conn *pending = &packet->pending;

    __builtin_memset(pending, 0, sizeof(*pending));
    if (direction == TG_ORIGINAL) {
        pending->original = packet->tuple;
        tg_tuple_mirror(&packet->tuple, &pending->reply);
    } else {
        pending->reply = packet->tuple;
        tg_tuple_mirror(&packet->tuple, &pending->original);
    }
    pending->word = tg_word_make(0, timeout, tcp_state, flags);
    pending->last_seen = packet->now;
    pending->created = packet->now;
    if (packet->tuple.protocol == TG_PROTOCOL_TCP)
        tg_conn_open_tcp(packet, direction, &pending->tcp);
    pending->throughput.sampled = packet->now;
    packet->direction = direction;
    packet->flags |= TG_PACKET_PENDING;
}

/*
 * Removes a connection with the given word, but for its being counted; true if this call did it.
 * Whoever sets the dying flag deletes the record, and it is not given to another connection before
 * that.
 */
TG_INLINE bool tg_conn_end(struct tg_conn *conn, __u64 word, __u64 now)
{
    __u64 dying = word | (__u64)TG_CONN_FLAG_DYING << TG_WORD_FLAGS_SHIFT;

    if (!tg_word_lives(word, TG_CONN_FLAG_CONFIRMED) || !tg_store_word(conn, word, dying))
        return false;
    tg_store_delete(conn, now);
    return true;
}

/* The same, and the connection counts no more. */
TG_INLINE bool tg_conn_close(struct tg_conn *conn, __u64 word, __u64 now)
{
    __u8 family = conn->original.family;

    if (!tg_conn_end(conn, word, now))
        return false;
    tg_store_connections(family, -1);
    return true;
}
