/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes into an accepted packet what rules of mangle have changed of it; few packets have such. */
#pragma once

#include "core/edit.h"
#include "core/reason.h"
#include "path/context.h"
#ifdef TG_XDP
#include "path/rewrite_xdp.h"
#else
#include "path/rewrite_tc.h"
#endif

/* What has to stand in the header now: whoever forwards the packet takes one hop off. */
TG_INLINE __u8 tg_edit_ttl(const struct tg_packet *packet, __u32 reason)
{
    __u8 ttl = packet->edits.ttl, verdict = tg_reason_verdict(reason);

    if (tg_packet_is(packet, TG_PACKET_EGRESS))
        return ttl;
    if (verdict == TG_VERDICT_FORWARD)
        return ttl + 1; /* of 255 it is 0, and 255 again one hop on */
    return verdict == TG_VERDICT_STACK && ttl < 255 ? ttl + 1 : ttl;
}

TG_INLINE void tg_edit_network(tg_ctx *ctx, const struct tg_packet *packet, __u8 ttl)
{
    struct tg_ipv4_front ipv4;
    struct tg_ipv6_front ipv6;

    if (packet->tuple.family == TG_FAMILY_IPV4) {
        if (!tg_ctx_load(ctx, packet->l3_offset, &ipv4, sizeof(ipv4)))
            return;
        tg_edit_ipv4(&ipv4, &packet->edits, ttl);
        tg_ctx_store(ctx, packet->l3_offset, &ipv4, sizeof(ipv4));
        return;
    }
    if (!tg_ctx_load(ctx, packet->l3_offset, &ipv6, sizeof(ipv6)))
        return;
    tg_edit_ipv6(&ipv6, &packet->edits, ttl);
    tg_ctx_replace(ctx, packet->l3_offset, &ipv6, sizeof(ipv6));
}

/* To a checksum, a word at an odd place is one of swapped bytes (RFC 1071). */
TG_INLINE void tg_edit_mss(tg_ctx *ctx, const struct tg_packet *packet)
{
    __u32 l4 = packet->l4_offset;
    __u32 at = l4 + (__u32)sizeof(struct tg_tcp_header) + packet->tcp.mss_at;
    __be16 old = tg_net16(packet->tcp.mss), mss = tg_net16(packet->edits.mss);
    __u64 change = tg_port_change(old, mss);

    if (packet->tcp.mss_at & 1)
        change = tg_port_change((__be16)__builtin_bswap16((__u16)old),
                                (__be16)__builtin_bswap16((__u16)mss));
    if (tg_change_checksum(ctx, l4 + (__u32)offsetof(struct tg_tcp_header, checksum), change))
        tg_ctx_store(ctx, at, &mss, sizeof(mss));
}

/* What cannot be written stays as it is: rules decide elsewhere whether a packet may go. */
__noinline int tg_edit_write(tg_ctx *ctx, struct tg_packet *packet, __u32 reason)
{
    if (!packet || !tg_reason_accepts(reason))
        return 0;
    if (packet->edits.changed & (TG_EDIT_DSCP | TG_EDIT_TTL | TG_EDIT_DF))
        tg_edit_network(ctx, packet, tg_edit_ttl(packet, reason));
    /* A later piece of a SYN has no header, whatever was to become of its first. */
    if (packet->edits.changed & TG_EDIT_MSS && !tg_packet_is(packet, TG_PACKET_LATER_PIECE))
        tg_edit_mss(ctx, packet);
    packet->edits.changed = 0;
    return 0;
}

#ifndef TG_XDP

/* What the kernel keeps beside the packet. */
TG_INLINE void tg_edit_skb(tg_ctx *ctx, const struct tg_packet *packet)
{
    if (packet->edits.routing_mark)
        ctx->mark = packet->edits.routing_mark;
    if (packet->edits.prioritised)
        ctx->priority = packet->edits.priority;
}

#endif

/* For a packet that goes on as `reason` says, just before it does. */
TG_INLINE void tg_edit(tg_ctx *ctx, struct tg_packet *packet, __u32 reason)
{
    if (packet->edits.changed)
        tg_edit_write(ctx, packet, reason);
}
