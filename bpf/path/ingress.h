/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ingress side as a list of stages, in XDP and in TC: the first that decides ends it. */
#pragma once

#include "path/chains.h"
#include "path/conntrack.h"
#include "path/fragment.h"
#include "path/nat.h"
#include "path/parse.h"
#include "path/route.h"
#include "path/sanity.h"
#include "path/scratch.h"
#include "path/source.h"

/* The CPU's slot, made ready for this packet; NULL only if the kernel has none. */
TG_INLINE struct tg_packet *tg_ingress_packet(tg_ctx *ctx)
{
    struct tg_packet *packet = tg_packet_slot();

    if (!packet)
        return NULL;
    __builtin_memset(packet, 0, offsetof(struct tg_packet, quoted));
    packet->now = bpf_jiffies64();
    packet->bank = tg_bank_in_force();
    packet->hook_ifindex = packet->in_ifindex = tg_ctx_ifindex(ctx);
    packet->l3_offset = tg_ctx_link_header(packet->in_ifindex);
    return packet;
}

/* What comes behind raw. */
TG_INLINE int tg_ingress_tracked(tg_ctx *ctx, struct tg_packet *packet)
{
    int decided = tg_stage_fragment(ctx, packet)
                      ?: tg_stage_conntrack(ctx, packet)
                      ?: tg_stage_mangle_prerouting(ctx, packet)
                      ?: tg_stage_source(ctx, packet)
                      ?: tg_stage_dstnat(ctx, packet)
                      ?: tg_stage_route(ctx, packet)
                      ?: tg_stage_mangle_routed(ctx, packet)
                      ?: tg_stage_filter_input(ctx, packet)
                      ?: tg_stage_filter_forward(ctx, packet);

    return tg_stage_srcnat(ctx, packet, tg_stage_mangle_postrouting(ctx, packet, decided));
}

TG_INLINE int tg_ingress(tg_ctx *ctx, struct tg_packet *packet)
{
    return tg_stage_parse(ctx, packet)
               ?: tg_stage_sanity(packet)
               ?: tg_stage_raw_prerouting(ctx, packet)
               ?: tg_ingress_tracked(ctx, packet);
}

/* The same for a piece that was held: raw has let it pass already. */
TG_INLINE int tg_ingress_held(tg_ctx *ctx, struct tg_packet *packet)
{
    return tg_stage_parse(ctx, packet)
               ?: tg_stage_sanity(packet)
               ?: tg_ingress_tracked(ctx, packet);
}
