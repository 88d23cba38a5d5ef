/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finish for TC ingress: TTL, tag and the way out. */
#pragma once

#include "core/checksum.h"
#include "core/headers.h"
#include "path/answer_tc.h"
#include "path/chains.h"
#include "path/finish.h"
#include "path/parse.h"
#include "path/route.h"
#include "path/send.h"

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
    __u8 hop_limit = (__u8)(packet->ttl - 1);

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
TG_INLINE __u16 tg_tag_of(__u8 verdict)
{
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
    ctx->tc_index = packet->bank ? tg_tag_of(verdict) : TG_TAG_FORWARD;
    return verdict == TG_VERDICT_FORWARD ? tg_send(ctx, packet) : TG_TC_NEXT;
}

/* Ends a packet at TC ingress. */
TG_INLINE int tg_finish_ingress(tg_ctx *ctx, struct tg_packet *packet, int decided)
{
    __u32 reason = (__u32)tg_settle(packet, (__u32)decided);

    tg_count(packet, reason);
    return tg_end(ctx, packet, reason);
}

/*
 * Answers a packet in XDP's name, which has counted it. How large it may be is looked up once more;
 * if it is not too large by now, its sender will try again.
 */
TG_INLINE int tg_answer_handed(tg_ctx *ctx, struct tg_packet *packet, __u32 reason)
{
    bool size = reason == TG_REASON_TOO_BIG;

    if (tg_stage_parse(ctx, packet) ||
        (size && (tg_stage_route(ctx, packet) || !tg_packet_is(packet, TG_PACKET_TOO_BIG)))) {
        tg_store_count_answer(TG_ANSWER_FAILED, packet->packets, packet->bytes);
        return TG_TC_DROP;
    }
    return tg_answer(ctx, packet, reason);
}

/*
 * Ends a packet that XDP has judged. It was counted there, but for those TC has to send; for these
 * the way out is looked up once more, now that the size of a merged packet's segments is known. If
 * it is no more one to be sent, the kernel deals with it as one accepted for forwarding.
 */
__noinline int tg_finish_handed(tg_ctx *ctx, struct tg_packet *packet, __u32 reason)
{
    __u8 verdict = tg_reason_verdict(reason);

    if (!packet)
        return TG_TC_DROP;
    if (verdict == TG_VERDICT_ANSWER)
        return tg_answer_handed(ctx, packet, reason);
    if (verdict == TG_VERDICT_FORWARD) {
        if (tg_stage_parse(ctx, packet) || tg_stage_route(ctx, packet) ||
            tg_packet_is(packet, TG_PACKET_ROUTER_BOUND))
            reason = TG_REASON_FORWARD_STACK;
        else
            reason = (__u32)tg_forward_reason(packet);
        tg_count(packet, reason);
    }
    return tg_end(ctx, packet, reason);
}
