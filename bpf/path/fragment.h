/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stage fragment: a later piece of a datagram follows the verdict on its first one. One that comes
 * before it is given to the agent, which brings it back once the first one has been judged.
 */
#pragma once

#include "core/edit.h"
#include "core/fragment.h"
#include "core/rate.h"
#include "core/reason.h"
#include "path/bank.h"
#include "path/source_rate.h"
#include "path/store.h"

/* A datagram's record in the making: too large for the stack. One CPU has one at a time. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct tg_fragment);
} tg_new_fragment SEC(".maps");

TG_INLINE void tg_fragment_key(const struct tg_packet *packet, struct tg_fragment_key *key)
{
    bool ipv4 = packet->tuple.family == TG_FAMILY_IPV4;
    const struct tg_tuple *wire = tg_wire_tuple(packet);

    key->src = wire->src;
    key->dst = wire->dst;
    key->identification = (__be32)packet->identification;
    /* RFC 791 counts the protocol among what identifies a datagram, RFC 8200 does not. */
    key->protocol = ipv4 ? packet->tuple.protocol : 0;
    key->family = packet->tuple.family;
    key->egress = tg_packet_is(packet, TG_PACKET_EGRESS);
    key->zero = 0;
}

/* What marking a piece has met. */
struct tg_marks {
    __u64 before;  /* not 0: some of its units had come before */
    __u64 missing; /* not 0: some had not */
};

TG_INLINE void tg_mark(struct tg_fragment *fragment, __u32 number, __u64 mask,
                       struct tg_marks *marks)
{
    __u64 old = tg_store_came(&fragment->came[tg_opaque(number) & (TG_FRAGMENT_WORDS - 1)], mask);

    marks->before |= old & mask;
    marks->missing |= ~old & mask;
}

/* Of what marking whole words has met, as bits. */
#define TG_MARKED_BEFORE  1
#define TG_MARKED_MISSING 2

/* Marks all units of the words first … behind - 1. */
__noinline int tg_mark_whole(struct tg_fragment *fragment, __u32 first, __u32 behind)
{
    struct tg_marks marks = {};

    if (!fragment)
        return 0;
    for (__u32 i = 0; i < TG_FRAGMENT_WORDS && first + i < behind; i++)
        tg_mark(fragment, first + i, ~0ull, &marks);
    return (marks.before ? TG_MARKED_BEFORE : 0) | (marks.missing ? TG_MARKED_MISSING : 0);
}

/*
 * Marks the packet's part of the datagram as come: NEXT, or why it must not go on, as the kernel's
 * reassembly judges (RFC 5722, RFC 8200). One bit a unit tells every overlap, in whatever order the
 * pieces come, in a kilobyte. Two CPUs may mark pieces of one datagram at once: every bit is set by
 * one of them only, so of two pieces that overlap at least one sees it. The worst that can come of
 * two words at once is that both of two equal pieces look like half an overlap, and the datagram is
 * dropped. The ends are plain stores; a sender whose last pieces disagree in the very same moment
 * gets both through, and the receiver refuses them.
 */
__noinline int tg_fragment_mark(struct tg_fragment *fragment, const struct tg_packet *packet)
{
    __u32 begin, end, total, first, final;
    struct tg_marks marks = {};
    __u64 from, to;
    int whole = 0;
    bool last;

    if (!fragment || !packet)
        return TG_REASON_NO_SCRATCH;
    begin = packet->piece_begin;
    end = packet->piece_end;
    last = tg_packet_is(packet, TG_PACKET_LAST_PIECE);
    total = fragment->total;
    if (total && (last ? end != total : end > total))
        return TG_REASON_FRAGMENT_OVERLAP;
    if (last && end < fragment->furthest)
        return TG_REASON_FRAGMENT_OVERLAP;
    first = begin / 64;
    final = (end - 1) / 64;
    from = ~0ull << (begin & 63);
    to = ~0ull >> (63 - ((end - 1) & 63));
    if (first < final) {
        tg_mark(fragment, first, from, &marks);
        whole = tg_mark_whole(fragment, first + 1, final);
        from = ~0ull;
    }
    tg_mark(fragment, final, from & to, &marks);
    if (marks.before || whole & TG_MARKED_BEFORE)
        return marks.missing || whole & TG_MARKED_MISSING ? TG_REASON_FRAGMENT_OVERLAP
                                                          : TG_REASON_FRAGMENT_DUPLICATE;
    tg_store_covered(fragment, end - begin, end, last);
    return TG_REASON_NEXT;
}

/* Called by finish: remembers what was decided on a first piece. */
__noinline int tg_fragment_remember(struct tg_packet *packet, __u32 reason)
{
    struct tg_fragment_key key;
    struct tg_fragment *fragment;
    __u32 zero = 0;

    if (!packet || reason == TG_REASON_FRAGMENT_DUPLICATE || reason == TG_REASON_FRAGMENT_OVERLAP)
        return 0;
    fragment = bpf_map_lookup_elem(&tg_new_fragment, &zero);
    if (!fragment)
        return 0;
    tg_fragment_key(packet, &key);
    __builtin_memset(fragment, 0, offsetof(struct tg_fragment, came));
    for (__u32 i = 0; i < TG_FRAGMENT_WORDS; i++) /* as a memset it is too long for the compiler */
        *(volatile __u64 *)&fragment->came[i] = 0;
    fragment->tuple = *tg_wire_tuple(packet);
    fragment->seen = packet->now;
    fragment->edits = packet->edits;
    fragment->reason = reason;
    fragment->tracked = packet->connection_state != TG_CONNECTION_STATE_INVALID &&
                        packet->connection_state != TG_CONNECTION_STATE_UNTRACKED;
    fragment->translated = tg_packet_is(packet, TG_PACKET_TRANSLATED);
    /* What ended before its part was looked at leaves it open. */
    if (tg_piece_part(packet))
        tg_fragment_mark(fragment, packet);
    tg_store_fragment(&key, fragment);
    return 0;
}

/* A token to hold a piece: one of its source, and one of all. The agent is not to be flooded. */
TG_INLINE bool tg_hold_token(const struct tg_packet *packet, __u32 ticks)
{
    __u32 bucket = tg_source_hash(&packet->tuple) & (TG_LIMIT_HELD_SOURCES - 1);

    return tg_store_take(TG_RATE_HELD_SOURCES + bucket, packet->now,
                         tg_rate_interval(ticks, TG_LIMIT_HELD_SOURCE_PER_SECOND),
                         TG_LIMIT_HELD_SOURCE_BURST) &&
           tg_store_take(TG_RATE_HELD, packet->now,
                         tg_rate_interval(ticks, TG_LIMIT_HELD_PER_SECOND), TG_LIMIT_HELD_BURST);
}

/*
 * What becomes of a piece that nothing is known of. The router's own packets leave in order; those
 * of layer 3 interfaces the agent cannot bring back, since the kernel takes Ethernet frames only.
 */
TG_INLINE int tg_fragment_hold(tg_ctx *ctx, const struct tg_packet *packet,
                               const struct tg_fragment_key *key, __u32 ticks)
{
    if (tg_packet_is(packet, TG_PACKET_EGRESS) || !packet->bank || !packet->l3_offset ||
        !tg_agent_lives(packet->now))
        return TG_REASON_FRAGMENT_UNKNOWN;
    if (tg_ctx_length(ctx) > TG_LIMIT_PIECE)
        return TG_REASON_FRAGMENT_TOO_LONG;
    if (!tg_hold_token(packet, ticks) || !tg_store_piece(ctx, packet, key))
        return TG_REASON_FRAGMENT_NO_ROOM;
    return TG_REASON_FRAGMENT_HELD;
}

/*
 * A piece that is not tracked is a packet of its own, as all are where nobody reassembles. Any
 * other later one goes on as one of the datagram, or does not.
 */
__noinline int tg_fragment_follow(tg_ctx *ctx, struct tg_packet *packet)
{
    __u32 ticks = tg_ticks_per_second();
    struct tg_fragment_key key;
    struct tg_fragment *known;
    int came;

    if (!packet)
        return TG_REASON_NO_SCRATCH;
    if (!tg_piece_part(packet))
        return TG_REASON_MALFORMED;
    if (tg_cuts_header(packet))
        return TG_REASON_FRAGMENT_TINY;
    if (packet->untracked || tg_bank_settings(packet->bank)->tracking == TG_TRACKING_OFF)
        return TG_REASON_NEXT;
    tg_fragment_key(packet, &key);
    known = bpf_map_lookup_elem(&tg_fragments, &key);
    if (!known || !tg_fragment_open(known, packet->now, ticks))
        return tg_packet_is(packet, TG_PACKET_FIRST_PIECE)
                   ? TG_REASON_NEXT
                   : tg_fragment_hold(ctx, packet, &key, ticks);
    if (tg_reason_refuses(known->reason))
        return tg_packet_is(packet, TG_PACKET_FIRST_PIECE) ? TG_REASON_NEXT
                                                           : TG_REASON_FRAGMENT_DROPPED;
    came = tg_fragment_mark(known, packet);
    if (came == TG_REASON_FRAGMENT_OVERLAP)
        tg_store_overlap(known);
    if (came)
        return came;
    packet->tuple = known->tuple;
    tg_edits_take(packet, &known->edits);
    packet->untracked = !known->tracked;
    packet->flags |= TG_PACKET_PIECE_KNOWN | (known->translated ? TG_PACKET_FIRST_CHANGED : 0);
    return TG_REASON_NEXT;
}

/* Gives a later piece the tuple of its datagram, as was decided by another program; false: unknown.
 */
TG_INLINE bool tg_fragment_recall(struct tg_packet *packet)
{
    struct tg_fragment_key key;
    struct tg_fragment *known;

    tg_fragment_key(packet, &key);
    known = bpf_map_lookup_elem(&tg_fragments, &key);
    if (!known)
        return false;
    packet->tuple = known->tuple;
    return true;
}

/* Nearly no packet is a piece: the question costs less than the call. */
TG_INLINE int tg_stage_fragment(tg_ctx *ctx, struct tg_packet *packet)
{
    return tg_packet_is(packet, TG_PACKET_FIRST_PIECE | TG_PACKET_LATER_PIECE)
               ? tg_fragment_follow(ctx, packet)
               : TG_REASON_NEXT;
}
