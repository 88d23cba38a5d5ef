/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The egress side as lists of stages: the router's own packets, and what the stack forwards. */
#pragma once

#include "path/chains.h"
#include "path/conntrack.h"
#include "path/fragment.h"
#include "path/nat.h"
#include "path/origin.h"
#include "path/parse.h"
#include "path/sanity.h"
#include "path/scratch.h"
#include "path/unsourced.h"

/* The CPU's slot, made ready for this packet; NULL only if the kernel has none. */
TG_INLINE struct tg_packet *tg_egress_packet(tg_ctx *ctx)
{
    struct tg_packet *packet = tg_packet_slot();

    if (!packet)
        return NULL;
    __builtin_memset(packet, 0, offsetof(struct tg_packet, quoted));
    packet->now = bpf_jiffies64();
    packet->bank = tg_bank_in_force();
    packet->flags = TG_PACKET_EGRESS;
    packet->in_ifindex = ctx->ingress_ifindex;
    packet->hook_ifindex = packet->out_ifindex = ctx->ifindex;
    packet->l3_offset = tg_ctx_link_header(ctx->ifindex);
    return packet;
}

TG_INLINE int tg_egress_router(tg_ctx *ctx, struct tg_packet *packet)
{
    packet->flags |= TG_PACKET_LOCAL;
    packet->in_ifindex = 0;
    return tg_stage_raw_output(ctx, packet)
               ?: tg_stage_fragment(ctx, packet)
               ?: tg_stage_conntrack(ctx, packet)
               ?: tg_stage_mangle_output(ctx, packet)
               ?: tg_stage_nat_output(ctx, packet)
               ?: tg_stage_filter_output(ctx, packet);
}

/*
 * The kernel forwards it by itself: it is judged here, and accepted only by the forward chain. Its
 * route is behind it, so its destination stays as it is.
 */
TG_INLINE int tg_egress_forwarded(tg_ctx *ctx, struct tg_packet *packet)
{
    packet->flags |= TG_PACKET_BY_KERNEL;
    return tg_stage_raw_prerouting(ctx, packet)
               ?: tg_stage_fragment(ctx, packet)
               ?: tg_stage_conntrack(ctx, packet)
               ?: tg_stage_mangle_prerouting(ctx, packet)
               ?: tg_stage_mangle_routed(ctx, packet)
               ?: tg_stage_filter_forward(ctx, packet);
}

/* What all have in common that the filter has let through. */
TG_INLINE int tg_egress_leaves(tg_ctx *ctx, struct tg_packet *packet, int decided)
{
    return tg_stage_srcnat(ctx, packet, tg_stage_mangle_postrouting(ctx, packet, decided));
}

TG_INLINE int tg_egress(tg_ctx *ctx, struct tg_packet *packet, enum tg_origin origin)
{
    int reason = tg_stage_parse(ctx, packet) ?: tg_stage_sanity(packet);

    if (reason)
        return reason;
    if (origin == TG_ORIGIN_ROUTER || tg_own_tunnel(packet))
        return tg_egress_leaves(ctx, packet, tg_egress_router(ctx, packet));
    if (origin == TG_ORIGIN_REFUSED)
        return TG_REASON_INPUT_FORWARDED;
    if (origin == TG_ORIGIN_UNSOURCED)
        return tg_resource(packet) ? TG_REASON_NEXT : TG_REASON_NAT_FAILED;
    return tg_egress_leaves(ctx, packet, tg_egress_forwarded(ctx, packet));
}
