/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage fragment: a later piece of a datagram follows the verdict on its first one. */
#pragma once

#include "core/expiry.h"
#include "core/reason.h"
#include "path/bank.h"
#include "path/store.h"

TG_INLINE void tg_fragment_key(const struct tg_packet *packet, struct tg_fragment_key *key)
{
    bool ipv4 = packet->tuple.family == TG_FAMILY_IPV4;

    key->src = packet->tuple.src;
    key->dst = packet->tuple.dst;
    key->identification = (__be32)packet->identification;
    /* RFC 791 counts the protocol among what identifies a datagram, RFC 8200 does not. */
    key->protocol = ipv4 ? packet->tuple.protocol : 0;
    key->family = packet->tuple.family;
    key->egress = tg_packet_is(packet, TG_PACKET_EGRESS);
    key->zero = 0;
}

/* Called by finish: remembers what was decided on a first piece. */
__noinline int tg_fragment_remember(const struct tg_packet *packet, __u32 reason)
{
    struct tg_fragment_key key;
    struct tg_fragment fragment = {};

    if (!packet)
        return 0;
    tg_fragment_key(packet, &key);
    fragment.tuple = packet->tuple;
    fragment.seen = packet->now;
    fragment.reason = reason;
    fragment.tracked = packet->connection_state != TG_CONNECTION_STATE_INVALID &&
                       packet->connection_state != TG_CONNECTION_STATE_UNTRACKED;
    tg_store_fragment(&key, &fragment);
    return 0;
}

__noinline int tg_fragment_follow(struct tg_packet *packet)
{
    struct tg_fragment_key key;
    struct tg_fragment *first;

    if (!packet)
        return TG_REASON_NO_SCRATCH;
    tg_fragment_key(packet, &key);
    first = bpf_map_lookup_elem(&tg_fragments, &key);
    if (!first ||
        tg_overdue(packet->now, first->seen, TG_LIMIT_FRAGMENT_SECONDS, tg_ticks_per_second()))
        return TG_REASON_FRAGMENT_UNKNOWN;
    if (tg_reason_refuses(first->reason))
        return TG_REASON_FRAGMENT_DROPPED;
    packet->tuple = first->tuple;
    packet->untracked = !first->tracked;
    packet->flags |= TG_PACKET_PIECE_KNOWN;
    return TG_REASON_NEXT;
}

/* Nearly no packet is a piece: the question costs less than the call. */
TG_INLINE int tg_stage_fragment(struct tg_packet *packet)
{
    return tg_packet_is(packet, TG_PACKET_LATER_PIECE) ? tg_fragment_follow(packet)
                                                       : TG_REASON_NEXT;
}
