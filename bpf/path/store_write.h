/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every change the stages make to shared state. */
#pragma once

#include "core/event.h"
#include "core/packet.h"
#include "core/rate.h"
#include "core/sequence.h"
#include "core/tcp_view.h"
#include "core/throughput.h"
#include "path/context.h"
#include "path/index.h"

TG_INLINE void tg_store_count_reason(__u32 reason, __u64 packets, __u64 bytes)
{
    struct tg_counter *counter = bpf_map_lookup_elem(&tg_reasons_count, &reason);

    if (!counter)
        return;
    /* One CPU, but softirq and process context may meet on it: the adds are atomic. */
    __sync_fetch_and_add(&counter->packets, packets);
    __sync_fetch_and_add(&counter->bytes, bytes);
}

/* The kernel sends a packet that came in by this interface. */
TG_INLINE void tg_store_count_stack(__u32 ifindex, __u64 packets)
{
    struct tg_attached *attached = bpf_map_lookup_elem(&tg_attached, &ifindex);

    if (attached)
        __sync_fetch_and_add(&attached->stack_forwarded, packets);
}

/* TC has to send a packet that came in by this interface and that XDP has accepted. */
TG_INLINE void tg_store_count_handed(__u32 ifindex, __u64 packets)
{
    struct tg_attached *attached = bpf_map_lookup_elem(&tg_attached, &ifindex);

    if (attached)
        __sync_fetch_and_add(&attached->handed_over, packets);
}

TG_INLINE void tg_store_count_rule(__u32 id, __u64 packets, __u64 bytes)
{
    struct tg_counter *counter = bpf_map_lookup_elem(&tg_rules_count, &id);

    if (!counter)
        return;
    __sync_fetch_and_add(&counter->packets, packets);
    __sync_fetch_and_add(&counter->bytes, bytes);
}

/* Both directions of a connection may count on two CPUs at once: the adds are atomic. */
TG_INLINE void tg_store_count_conn(struct tg_conn *conn, __u8 direction, __u64 packets, __u64 bytes)
{
    struct tg_counter *counter = &conn->counters[direction == TG_REPLY ? TG_REPLY : TG_ORIGINAL];

    __sync_fetch_and_add(&counter->packets, packets);
    __sync_fetch_and_add(&counter->bytes, bytes);
}

/* Whether somebody wants to hear of connections. */
TG_INLINE bool tg_listened(void)
{
    __u32 zero = 0;
    struct tg_control *control = bpf_map_lookup_elem(&tg_control, &zero);
    __u64 until = control ? *(volatile __u64 *)&control->listening : 0;

    return until && bpf_jiffies64() < until;
}

/*
 * Tells what has become of a record: `word` is its state word by this event. The rest is copied as
 * it is, and another CPU may have counted a packet more by now; the record is not given to another
 * connection before the grace period is over.
 */
__noinline int tg_store_event(__u32 id, __u64 word, __u32 kind)
{
    __u32 zero = 0;
    struct tg_table *table = bpf_map_lookup_elem(&tg_table, &zero);
    struct tg_conn *conn = tg_record(id);
    struct tg_event *event;

    if (!conn || !table)
        return 0;
    event = bpf_ringbuf_reserve(&tg_events, sizeof(*event), 0);
    if (!event) {
        __sync_fetch_and_add(&table->events_lost, 1);
        return 0;
    }
    event->time = bpf_jiffies64();
    event->kind = kind;
    event->zero = 0;
    event->conn = *conn;
    event->conn.word = word;
    bpf_ringbuf_submit(event, 0);
    return 1;
}

/* True if the word was `old` and is `new` now. */
TG_INLINE bool tg_store_word(struct tg_conn *conn, __u64 old, __u64 new_word)
{
    __u32 kind = tg_event_of(old, new_word);

    if (__sync_val_compare_and_swap(&conn->word, old, new_word) != old)
        return false;
    if (kind != TG_EVENT_COUNT && tg_listened())
        tg_store_event(conn->id, new_word, kind);
    return true;
}

/* A plain aligned store: see tg_mark_connection. */
TG_INLINE void tg_store_mark(struct tg_conn *conn, __u32 mark)
{
    *(volatile __u32 *)&conn->mark = mark;
}

/*
 * The mappings of a connection are seen with it. One that has ended meanwhile is as safe as the
 * connection itself: see tg_conn_find.
 */
__noinline int tg_store_mappings_seen(const struct tg_conn *conn, __u64 now)
{
    if (!conn)
        return 0;
    for (int i = 0; i < TG_MAPPED_COUNT; i++) {
        struct tg_mapped mapped = conn->mapped[i];
        struct tg_conn *mapping = mapped.id ? tg_record(mapped.id) : NULL;

        if (mapping && tg_word_generation(*(volatile __u64 *)&mapping->word) == mapped.generation)
            *(volatile __u64 *)&mapping->last_seen = now;
    }
    return 0;
}

/* A plain aligned store: two CPUs write nearly the same time, and either is right. */
TG_INLINE void tg_store_last_seen(struct tg_conn *conn, __u64 now)
{
    *(volatile __u64 *)&conn->last_seen = now;
    if (conn->original.protocol == TG_PROTOCOL_UDP && tg_word_flags(conn->word) & TG_CONN_MAPPED)
        tg_store_mappings_seen(conn, now);
}

#define TG_TCP_TRIES 4

/*
 * Moves a bound forward. Segments of both directions, on several CPUs, do so at once; each moves
 * it as far as its segment says, so whoever finds it further on is done, and in whatever order
 * they come, the furthest stays. After TG_TCP_TRIES others have moved it that often within
 * nanoseconds, and the next segment moves it on.
 */
TG_INLINE void tg_store_forward(__u32 *bound, __u32 to)
{
    for (int i = 0; i < TG_TCP_TRIES; i++) {
        __u32 old = *(volatile __u32 *)bound;

        if (!tg_after(to, old) || __sync_val_compare_and_swap(bound, old, to) == old)
            return;
    }
}

/*
 * What is known of one end. Who writes: `end` and `max_ack` segments the end has sent, `max_end`
 * those it was sent, `max_window` both. Bounds that begin anew are stored as they are: that is the
 * handshake, or the first segment we see of an end, so the only others are copies of the same
 * segment and data that overtakes it. The worst is that such data's move is undone, and the end's
 * next segment repeats it.
 */
TG_INLINE void tg_store_side(struct tg_tcp_end *end, const struct tg_tcp_side *side, bool acked)
{
    if (side->fresh) {
        *(volatile __u32 *)&end->end = side->bounds.end;
        *(volatile __u32 *)&end->max_end = side->bounds.max_end;
        *(volatile __u32 *)&end->max_window = side->bounds.max_window;
    } else {
        tg_store_forward(&end->end, side->bounds.end);
        tg_store_forward(&end->max_end, side->bounds.max_end);
        tg_store_forward(&end->max_window, side->bounds.max_window);
    }
    if (acked && !side->fresh)
        tg_store_forward(&end->max_ack, side->bounds.max_ack);
    else if (side->flags & TG_TCP_END_ACKED)
        *(volatile __u32 *)&end->max_ack = side->bounds.max_ack;
}

/*
 * Changes the bits of the word that this segment changes, whatever others do to its other bits
 * meanwhile. Two segments that change the same bit are two of one handshake or one close, and the
 * later one is right.
 */
TG_INLINE void tg_store_tcp_word(struct tg_tcp *tcp, __u32 before, __u32 after)
{
    __u32 changed = before ^ after;

    for (int i = 0; changed && i < TG_TCP_TRIES; i++) {
        __u32 old = *(volatile __u32 *)&tcp->word;
        __u32 wanted = (old & ~changed) | (after & changed);

        if (__sync_val_compare_and_swap(&tcp->word, old, wanted) == old)
            return;
    }
}

/*
 * What is known of the last segment: plain stores. If two CPUs have one at once, what remains may
 * be of both. It then resembles neither, so the worst is a repeated segment not counted, or an
 * answer to one of them not known as such: it passes as any other that is in the window.
 */
TG_INLINE void tg_store_last(struct tg_tcp *tcp, const struct tg_tcp_view *view)
{
    if (tcp->last_sequence != view->last_sequence)
        *(volatile __u32 *)&tcp->last_sequence = view->last_sequence;
    if (tcp->last_acknowledgement != view->last_acknowledgement)
        *(volatile __u32 *)&tcp->last_acknowledgement = view->last_acknowledgement;
    if (tcp->last_end != view->last_end)
        *(volatile __u32 *)&tcp->last_end = view->last_end;
    if (tcp->last != tg_tcp_view_last(view))
        *(volatile __u32 *)&tcp->last = tg_tcp_view_last(view);
}

/* Stores what a plain ACK has moved: see tg_store_side and tg_store_last. */
TG_INLINE void tg_store_tcp_plain(struct tg_conn *conn, const struct tg_tcp_view *view)
{
    __u32 us = tg_opaque(view->direction) & 1, them = !us;
    struct tg_tcp_end *sender = &conn->tcp.ends[us], *receiver = &conn->tcp.ends[them];

    tg_store_forward(&sender->end, view->sender.bounds.end);
    tg_store_forward(&sender->max_window, view->sender.bounds.max_window);
    tg_store_forward(&sender->max_ack, view->sender.bounds.max_ack);
    tg_store_forward(&receiver->max_end, view->receiver.bounds.max_end);
    tg_store_forward(&receiver->max_window, view->receiver.bounds.max_window);
    tg_store_last(&conn->tcp, view);
}

/* Stores how the connection is seen after a segment; `word` is struct tg_tcp.word before it. */
__noinline int tg_store_tcp(struct tg_conn *conn, const struct tg_tcp_view *view, __u32 word)
{
    struct tg_tcp *tcp;
    __u32 us, them;

    if (!conn || !view)
        return 0;
    tcp = &conn->tcp;
    us = tg_opaque(view->direction) & 1;
    them = !us;
    tg_store_side(&tcp->ends[us], &view->sender, tg_tcp_word_flags(word, us) & TG_TCP_END_ACKED);
    tg_store_side(&tcp->ends[them], &view->receiver,
                  tg_tcp_word_flags(word, them) & TG_TCP_END_ACKED);
    tg_store_tcp_word(tcp, word, tg_tcp_view_word(view));
    tg_store_last(tcp, view);
    return 0;
}

/*
 * Samples the byte counters if it is time. Two CPUs that do so at once write nearly the same; the
 * worst is a rate that is wrong for a second.
 */
TG_INLINE void tg_store_throughput(struct tg_conn *conn, __u64 now, __u32 ticks_per_second)
{
    struct tg_throughput *last = &conn->throughput;
    __u64 elapsed = now - last->sampled;

    if (!tg_throughput_due(now, last->sampled, ticks_per_second))
        return;
    for (int i = 0; i < TG_DIRECTION_COUNT; i++) {
        __u64 bytes = *(volatile __u64 *)&conn->counters[i].bytes;

        last->rates[i] = tg_throughput_rate(bytes, last->bytes[i], elapsed, ticks_per_second);
        last->bytes[i] = (__u32)bytes;
    }
    last->sampled = now;
}

/* What was removed is not found any more; only a record of what would be has to tell. */
TG_INLINE bool tg_store_is_gone(const struct tg_conn *conn)
{
    return false;
}

/* Adds to the number of connections; returns the number before. */
TG_INLINE __u64 tg_store_connections(__u8 family, __s64 change)
{
    __u32 zero = 0;
    struct tg_table *table = bpf_map_lookup_elem(&tg_table, &zero);

    if (!table)
        return 0;
    if (change == 0)
        return *(volatile __u64 *)&table->connections;
    if (family == TG_FAMILY_IPV6)
        __sync_fetch_and_add(&table->ipv6, change);
    return __sync_fetch_and_add(&table->connections, change);
}

/* A connection of one family has taken the place of one of another. */
TG_INLINE void tg_store_handed_over(__u32 from, __u32 to)
{
    __u32 zero = 0;
    struct tg_table *table = bpf_map_lookup_elem(&tg_table, &zero);

    if (table && from != to)
        __sync_fetch_and_add(&table->ipv6, to == TG_FAMILY_IPV6 ? 1 : -1);
}

/* A number no living connection has. */
TG_INLINE __u32 tg_store_generation(void)
{
    __u32 zero = 0;
    struct tg_table *table = bpf_map_lookup_elem(&tg_table, &zero);

    return table ? (__u32)(__sync_fetch_and_add(&table->generation, 1) + 1) : 0;
}

/* The first of `count` numbers that are nobody else's before 2^16 others are. */
TG_INLINE __u16 tg_store_numbers(__u32 count)
{
    __u32 zero = 0;
    struct tg_table *table = bpf_map_lookup_elem(&tg_table, &zero);

    return table ? (__u16)(__sync_fetch_and_add(&table->generation, count) + 1) : 0;
}

/*
 * Where the next search for a record that gives up its place begins. A plain store: two CPUs that
 * meet here look at some records twice.
 */
TG_INLINE void tg_store_reclaimed(__u32 next)
{
    __u32 zero = 0;
    struct tg_table *table = bpf_map_lookup_elem(&tg_table, &zero);

    if (table)
        *(volatile __u32 *)&table->reclaimed = next;
}

/* Where the next search for a port goes on: a plain store, as above. */
TG_INLINE void tg_store_cursor(__u32 *cursor, __u32 next)
{
    *(volatile __u32 *)cursor = next;
}

TG_INLINE bool tg_store_unsourced(const struct tg_unsourced *key, const struct tg_source *source)
{
    return bpf_map_update_elem(&tg_unsourced, key, source, BPF_ANY) == 0;
}

TG_INLINE void tg_store_early_drop(void)
{
    __u32 zero = 0;
    struct tg_table *table = bpf_map_lookup_elem(&tg_table, &zero);

    if (table)
        __sync_fetch_and_add(&table->early_drop, 1);
}

/*
 * A first piece was judged. Whoever holds a later one has said so in tg_awaited before, and looks
 * at tg_fragments afterwards: either it is found there, or its key here.
 */
TG_INLINE void tg_store_fragment(const struct tg_fragment_key *key,
                                 const struct tg_fragment *fragment)
{
    bpf_map_update_elem(&tg_fragments, key, fragment, BPF_ANY);
    if (bpf_map_delete_elem(&tg_awaited, key) == 0)
        bpf_ringbuf_output(&tg_pieces, (void *)key, sizeof(*key), 0);
}

/* Sets these bits of tg_fragment.came; returns what was set before. */
TG_INLINE __u64 tg_store_came(__u64 *word, __u64 mask)
{
    return __sync_fetch_and_or(word, mask);
}

TG_INLINE void tg_store_covered(struct tg_fragment *fragment, __u32 units, __u32 end, bool last)
{
    if (end > fragment->furthest)
        fragment->furthest = end;
    if (last)
        fragment->total = end;
    __sync_fetch_and_add(&fragment->covered, units);
}

/* All that is still to come of the datagram is dropped. */
TG_INLINE void tg_store_overlap(struct tg_fragment *fragment)
{
    *(volatile __u32 *)&fragment->reason = TG_REASON_FRAGMENT_OVERLAP;
}

TG_INLINE void tg_store_count_piece(__u32 what, __u64 packets, __u64 bytes)
{
    struct tg_counter *counter = bpf_map_lookup_elem(&tg_pieces_count, &what);

    if (!counter)
        return;
    __sync_fetch_and_add(&counter->packets, packets);
    __sync_fetch_and_add(&counter->bytes, bytes);
}

/* Gives a piece to the agent; false: the ring is full. */
TG_INLINE bool tg_store_piece(tg_ctx *ctx, const struct tg_packet *packet,
                              const struct tg_fragment_key *key)
{
    __u32 length = tg_opaque(tg_ctx_length(ctx));
    struct tg_vlan_tag tag = {};
    struct tg_piece *piece;
    __u64 now = packet->now;

    bpf_map_update_elem(&tg_awaited, key, &now, BPF_ANY);
    piece = bpf_ringbuf_reserve(&tg_pieces, sizeof(*piece), 0);
    if (!piece)
        return false;
    /* One after the other: as one comparison of a difference Linux 6.1 does not understand them. */
    if (length < TG_ETHERNET_HEADER) {
        bpf_ringbuf_discard(piece, 0);
        return false;
    }
    length = tg_opaque(length);
    if (length > sizeof(piece->frame) || !tg_ctx_load_some(ctx, 0, piece->frame, length)) {
        bpf_ringbuf_discard(piece, 0);
        return false;
    }
    piece->key = *key;
    piece->held = now;
    piece->ifindex = packet->hook_ifindex;
    piece->length = (__u16)length;
    if (!tg_ctx_tag(ctx, &tag))
        tag.protocol = tag.control = 0;
    piece->tag_protocol = tag.protocol;
    piece->tag_control = tag.control;
    piece->zero = 0;
    piece->bytes = packet->bytes;
    bpf_ringbuf_submit(piece, 0);
    tg_store_count_piece(TG_PIECE_HELD, packet->packets, packet->bytes);
    return true;
}

TG_INLINE void tg_store_dhcp_request(__u32 ifindex, __u64 now)
{
    struct tg_attached *attached = bpf_map_lookup_elem(&tg_attached, &ifindex);

    if (attached)
        attached->dhcp_request = now ? now : 1;
}

#define TG_RATE_TRIES 4

/*
 * Takes a token from a bucket of tg_rates. Of two CPUs that ask at once one looks again; whoever
 * loses every time is refused, at a moment when the others have just been given theirs.
 */
TG_INLINE bool tg_store_take(__u32 bucket, __u64 now, __u64 interval, __u32 burst)
{
    __u64 *word = bpf_map_lookup_elem(&tg_rates, &bucket);

    for (int i = 0; word && i < TG_RATE_TRIES; i++) {
        __u64 old = *(volatile __u64 *)word, taken = old;

        if (!tg_rate_take(&taken, now, interval, burst))
            return false;
        if (__sync_val_compare_and_swap(word, old, taken) == old)
            return true;
    }
    return false;
}

TG_INLINE void tg_store_count_answer(__u32 answer, __u64 packets, __u64 bytes)
{
    struct tg_counter *counter = bpf_map_lookup_elem(&tg_answers_count, &answer);

    if (!counter)
        return;
    __sync_fetch_and_add(&counter->packets, packets);
    __sync_fetch_and_add(&counter->bytes, bytes);
}

TG_INLINE void tg_store_count_tally(__u32 tally, __u64 packets, __u64 bytes)
{
    struct tg_counter *counter = bpf_map_lookup_elem(&tg_tallies_count, &tally);

    if (!counter)
        return;
    __sync_fetch_and_add(&counter->packets, packets);
    __sync_fetch_and_add(&counter->bytes, bytes);
}
