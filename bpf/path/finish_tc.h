/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finish for TC ingress: TTL, tag and the way out. */
#pragma once

#include "core/checksum.h"
#include "core/headers.h"
#include "path/answer_tc.h"
#include "path/chains.h"
#include "path/edit.h"
#include "path/finish.h"
#include "path/fragment.h"
#include "path/handover.h"
#include "path/parse.h"
#include "path/rewrite_tc.h"
#include "path/route.h"
#include "path/send.h"
#include "path/unsourced.h"

/* One hop less. The kernel keeps a checksum over the packet that the store must correct. */
TG_INLINE bool tg_decrement_ttl(tg_ctx *ctx, const struct tg_packet *packet)
{
    __u32 offset = packet->l3_offset;

    if (packet->tuple.family == TG_FAMILY_IPV4) {
        struct tg_ipv4_hop hop;

        offset += offsetof(struct tg_ipv4_header, ttl);
        if (bpf_skb_load_bytes(ctx, offset, &hop, sizeof(hop)))
            return false;
        tg_ipv4_hop_less(&hop);
        return bpf_skb_store_bytes(ctx, offset, &hop, sizeof(hop), BPF_F_RECOMPUTE_CSUM) == 0;
    }
    __u8 hop_limit = packet->edits.ttl;

    offset += offsetof(struct tg_ipv6_header, hop_limit);
    return bpf_skb_store_bytes(ctx, offset, &hop_limit, sizeof(hop_limit), BPF_F_RECOMPUTE_CSUM) ==
           0;
}

/* bpf_redirect_neigh drops what has no link header: packets of layer 3 devices get an empty one. */
TG_INLINE bool tg_have_link_header(tg_ctx *ctx, const struct tg_packet *packet)
{
    return packet->l3_offset || bpf_skb_change_head(ctx, TG_ETHERNET_HEADER, 0) == 0;
}

/* The tag it came with goes; one it leaves with is put on by the kernel. */
TG_INLINE int tg_send(tg_ctx *ctx, struct tg_packet *packet)
{
    if (!tg_untag(ctx, packet) || !tg_decrement_ttl(ctx, packet) ||
        !tg_have_link_header(ctx, packet))
        return TG_TC_DROP;
    return tg_redirect(packet);
}

/* What TC egress is told: see enum tg_verdict. */
TG_INLINE __u16 tg_tag_of(const struct tg_packet *packet, __u8 verdict)
{
    if (tg_packet_is(packet, TG_PACKET_UNSOURCED))
        return TG_TAG_UNSOURCED;
    if (verdict == TG_VERDICT_INPUT)
        return TG_TAG_INPUT;
    return verdict == TG_VERDICT_FORWARD || verdict == TG_VERDICT_STACK ? TG_TAG_FORWARD : 0;
}

/* Does with the packet what its reason says. */
TG_INLINE int tg_end(tg_ctx *ctx, struct tg_packet *packet, __u32 reason)
{
    __u8 verdict = tg_reason_verdict(reason);

    if (tg_verdict_ends(verdict))
        return TG_TC_DROP;
    if (verdict == TG_VERDICT_ANSWER)
        return tg_answer_due(packet, reason) ? tg_answer(ctx, packet, reason) : TG_TC_DROP;
    /* Before the first commit what the stack forwards is none of our business, and counted here. */
    ctx->tc_index = packet->bank ? tg_tag_of(packet, verdict) : TG_TAG_FORWARD;
    tg_edit_skb(ctx, packet);
    return verdict == TG_VERDICT_FORWARD ? tg_send(ctx, packet) : TG_TC_NEXT;
}

/*
 * Translates an accepted packet before it goes on; false: that cannot be done. What only the kernel
 * can send gets its destination here and its source at TC egress, which is told so.
 */
TG_INLINE bool tg_translated(tg_ctx *ctx, struct tg_packet *packet, __u32 reason)
{
    if (!tg_packet_is(packet, TG_PACKET_TRANSLATED) || !tg_reason_accepts(reason))
        return true;
    return (reason != TG_REASON_FORWARD_STACK || tg_unsource(packet)) &&
           tg_tc_translate(ctx, packet);
}

/* Ends a packet at TC ingress. */
TG_INLINE int tg_finish_ingress(tg_ctx *ctx, struct tg_packet *packet, int decided)
{
    __u32 reason = (__u32)tg_settle(ctx, packet, (__u32)decided);

    if (!tg_translated(ctx, packet, reason))
        reason = TG_REASON_NAT_FAILED;
    tg_edit(ctx, packet, reason);
    tg_count(packet, reason);
    return tg_end(ctx, packet, reason);
}

/* How a packet is translated that XDP has left as it was: it belongs to a connection by now. */
__noinline int tg_handed_follow(struct tg_packet *packet)
{
    bool error;
    struct tg_tuple way;
    struct tg_found found;

    if (!packet)
        return false;
    packet->flags &= ~TG_PACKET_TRANSLATED;
    if (tg_packet_is(packet, TG_PACKET_LATER_PIECE) && !tg_fragment_recall(packet))
        return false;
    error = tg_packet_is(packet, TG_PACKET_ICMP_ERROR);
    if (error)
        tg_tuple_mirror(&packet->quoted, &way);
    else
        way = packet->tuple;
    found = tg_conn_find(&way, tg_hash_of(&way));
    if (!found.conn)
        return false;
    packet->direction = (__u8)found.direction;
    if (error)
        tg_nat_follow_error(packet, &found);
    else
        tg_nat_follow(packet, &found);
    if (!tg_packet_is(packet, TG_PACKET_TRANSLATED))
        return false;
    tg_nat_turn(packet);
    return true;
}

/* The way out is looked up once more, now that the size of a merged packet's segments is known. */
TG_INLINE __u32 tg_handed_reason(tg_ctx *ctx, struct tg_packet *packet)
{
    if (tg_stage_route(ctx, packet) || tg_packet_is(packet, TG_PACKET_ROUTER_BOUND))
        return TG_REASON_FORWARD_STACK;
    return (__u32)tg_forward_reason(packet);
}

/* Reads such a packet again, and what XDP has left to be done with it. */
TG_INLINE bool tg_handed_parse(tg_ctx *ctx, struct tg_packet *packet, bool translate)
{
    if (tg_stage_parse(ctx, packet))
        return false;
    tg_edits_take(packet, &packet->handed);
    return !translate || tg_handed_follow(packet);
}

/*
 * What becomes of a packet that XDP has judged. It was counted there, but for those TC has to send
 * or to translate. If such a one is no more one to be sent, the kernel deals with it as one
 * accepted for forwarding.
 */
__noinline int tg_handed(tg_ctx *ctx, struct tg_packet *packet, __u32 reason)
{
    bool translate, forward;
    __u32 mtu;

    if (!packet)
        return TG_REASON_NO_SCRATCH;
    forward = tg_reason_verdict(reason) == TG_VERDICT_FORWARD;
    translate = tg_packet_is(packet, TG_PACKET_TRANSLATED) && tg_reason_accepts(reason);
    mtu = packet->mtu;
    tg_edits_take(packet, &packet->handed);
    if (!translate && !forward && !packet->edits.changed &&
        tg_reason_verdict(reason) != TG_VERDICT_ANSWER)
        return (int)reason;
    if (!tg_handed_parse(ctx, packet, translate))
        reason = TG_REASON_NAT_FAILED;
    else if (forward)
        reason = tg_handed_reason(ctx, packet);
    else
        packet->mtu = mtu;
    if (translate && !tg_translated(ctx, packet, reason))
        reason = TG_REASON_NAT_FAILED;
    tg_edit(ctx, packet, reason);
    if (forward || translate)
        tg_count(packet, reason);
    return (int)reason;
}

/* Ends such a packet; XDP has asked whether its sender may be answered. */
TG_INLINE int tg_finish_handed(tg_ctx *ctx, struct tg_packet *packet, __u32 judged)
{
    __u32 reason = (__u32)tg_handed(ctx, packet, judged);

    if (tg_reason_verdict(judged) != TG_VERDICT_ANSWER)
        return tg_end(ctx, packet, reason);
    if (reason == judged)
        return tg_answer(ctx, packet, reason);
    tg_store_count_answer(TG_ANSWER_FAILED, packet->packets, packet->bytes);
    return TG_TC_DROP;
}
