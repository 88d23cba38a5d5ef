/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The metadata between XDP and TC ingress: reserved, written, read. */
#pragma once

#include "core/edit.h"
#include "core/vlan.h"
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
 * Whether the driver carries metadata, asked before anything is decided: one that does not says so
 * by metadata beyond the frame's begin, and its packets are TC's to judge. Metadata that came with
 * the frame says nothing to us and is taken off.
 */
TG_INLINE bool tg_handover_possible(tg_ctx *ctx)
{
    long there = (long)ctx->data - (long)ctx->data_meta;

    return there == 0 || (there > 0 && bpf_xdp_adjust_meta(ctx, (int)there) == 0);
}

/*
 * Makes room for a packet that goes on to TC; what lay there, perhaps another packet's, is
 * overwritten. False: an earlier program has used up the headroom.
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

/* `handed`: TC goes on with the packet, which is as it came. */
TG_INLINE void tg_handover_write(tg_ctx *ctx, const struct tg_packet *packet, __u32 reason,
                                 bool handed)
{
    struct tg_handover *place = tg_handover_place(ctx);

    if (!place)
        return;
    place->magic = TG_HANDOVER_MAGIC;
    place->instance = tg_instance();
    place->reason = (__u8)reason;
    place->flags = tg_is_tag(tg_ctx_protocol(ctx)) ? TG_HANDOVER_TAGGED : 0;
    if (handed && tg_packet_is(packet, TG_PACKET_TRANSLATED))
        place->flags |= TG_HANDOVER_TRANSLATE;
    if (tg_packet_is(packet, TG_PACKET_UNSOURCED))
        place->flags |= TG_HANDOVER_UNSOURCED;
    place->mtu = (__u16)packet->mtu;
    place->ifindex = tg_ctx_ifindex(ctx);
    place->edits = packet->edits;
    /* What stays as it is in the packet may differ in it: one flow has one word. */
    if (!(packet->edits.changed & TG_EDIT_DSCP))
        place->edits.tos = place->edits.route_tos = 0;
    if (!(packet->edits.changed & TG_EDIT_TTL))
        place->edits.ttl = 0;
}

#else

/* The word before the frame; NULL: there is none. */
TG_INLINE const struct tg_handover *tg_handover_word(const tg_ctx *ctx)
{
    struct tg_handover *word = (void *)(long)ctx->data_meta;

    return (void *)(word + 1) > (void *)(long)ctx->data ? NULL : word;
}

/*
 * The reason XDP has found on this interface, and what else it says of the packet; 0: it has not
 * judged this packet, or not known of its VLAN tag, which lay beside the frame already.
 */
TG_INLINE __u32 tg_handover_read(const tg_ctx *ctx, const struct tg_handover *word,
                                 struct tg_packet *packet)
{
    if (!word || word->magic != TG_HANDOVER_MAGIC || word->instance != tg_instance() ||
        word->ifindex != ctx->ifindex || word->reason >= TG_REASON_COUNT)
        return 0;
    if (ctx->vlan_present && !(word->flags & TG_HANDOVER_TAGGED))
        return 0;
    packet->mtu = word->mtu;
    packet->handed = word->edits;
    if (word->flags & TG_HANDOVER_TRANSLATE)
        packet->flags |= TG_PACKET_TRANSLATED;
    if (word->flags & TG_HANDOVER_UNSOURCED)
        packet->flags |= TG_PACKET_UNSOURCED;
    return word->reason;
}

#endif
