/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The metadata between XDP and TC ingress: reserved, written, read. */
#pragma once

#include "path/context.h"
#include "path/maps.h"
#include "tidegate/handover.h"
#include "tidegate/verdict.h"

TG_INLINE __u32 tg_instance(void)
{
    __u32 zero = 0;
    struct tg_layout *layout = bpf_map_lookup_elem(&tg_layout, &zero);

    return layout ? layout->instance : 0;
}

#ifdef TG_XDP

/* The place for it, within the frame's headroom; NULL: there is none. */
TG_INLINE struct tg_handover *tg_handover_place(tg_ctx *ctx)
{
    struct tg_handover *place = (void *)(long)ctx->data_meta;

    return (void *)(place + 1) > (void *)(long)ctx->data ? NULL : place;
}

/*
 * Makes room before anything is decided, since a driver may have none; what lay there, perhaps
 * another packet's, is overwritten. False: this packet is not ours to judge in XDP.
 */
TG_INLINE bool tg_handover_reserve(tg_ctx *ctx)
{
    struct tg_handover *place;

    if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(struct tg_handover)))
        return false;
    place = tg_handover_place(ctx);
    if (!place)
        return false;
    __builtin_memset(place, 0, sizeof(*place));
    return true;
}

/* Gives the room back before a frame leaves by redirect: it is no business of the next host. */
TG_INLINE bool tg_handover_release(tg_ctx *ctx)
{
    return bpf_xdp_adjust_meta(ctx, (int)sizeof(struct tg_handover)) == 0;
}

TG_INLINE void tg_handover_write(tg_ctx *ctx, __u32 reason)
{
    struct tg_handover *place = tg_handover_place(ctx);

    if (!place)
        return;
    place->magic = TG_HANDOVER_MAGIC;
    place->instance = tg_instance();
    place->reason = reason;
}

#else

/* The reason XDP has found; 0: it has not judged this packet. */
TG_INLINE __u32 tg_handover_reason(const tg_ctx *ctx)
{
    struct tg_handover *place = (void *)(long)ctx->data_meta;

    if ((void *)(place + 1) > (void *)(long)ctx->data || place->magic != TG_HANDOVER_MAGIC ||
        place->instance != tg_instance() || place->reason >= TG_REASON_COUNT)
        return 0;
    return place->reason;
}

#endif
