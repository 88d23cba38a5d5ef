/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a packet at TC egress comes from, and whether it was judged on its way in. */
#pragma once

#include "core/tuple_ops.h"
#include "path/bank.h"
#include "path/context.h"
#include "path/upper.h"

enum tg_origin {
    TG_ORIGIN_ROUTER,    /* sent by this host: the output side judges it */
    TG_ORIGIN_JUDGED,    /* forwarded, accepted and counted at ingress */
    TG_ORIGIN_REFUSED,   /* was not meant to be forwarded */
    TG_ORIGIN_UNSOURCED, /* … and its source is still to be translated */
    TG_ORIGIN_UNJUDGED,  /* forwarded by the stack, seen by no chain yet */
};

/* The tag is ours only if the packet came in by an interface we are attached to. */
TG_INLINE enum tg_origin tg_origin_of(const tg_ctx *ctx)
{
    __u32 ingress = ctx->ingress_ifindex;

    if (ingress == 0)
        return TG_ORIGIN_ROUTER;
    if (!tg_is_judged(ingress))
        return TG_ORIGIN_UNJUDGED;
    if (ctx->tc_index == TG_TAG_FORWARD)
        return TG_ORIGIN_JUDGED;
    if (ctx->tc_index == TG_TAG_UNSOURCED)
        return TG_ORIGIN_UNSOURCED;
    if (ctx->tc_index == TG_TAG_INPUT)
        return TG_ORIGIN_REFUSED;
    return TG_ORIGIN_UNJUDGED;
}

/* Protocols that carry other packets: the outer packet keeps the inner one's marks. */
TG_INLINE bool tg_is_tunnel(__u8 protocol)
{
    return protocol == TG_PROTOCOL_GRE || protocol == TG_PROTOCOL_ESP ||
           protocol == TG_PROTOCOL_AH || protocol == TG_PROTOCOL_IPIP ||
           protocol == TG_PROTOCOL_IPV6;
}

/* Whether the host itself sent this outer packet of a tunnel: its source is an own address. */
TG_INLINE bool tg_own_tunnel(const struct tg_packet *packet)
{
    __u32 *kind;

    if (!tg_is_tunnel(packet->tuple.protocol))
        return false;
    kind = bpf_map_lookup_elem(&tg_addresses, &packet->tuple.src);
    return kind && *kind & TG_ADDRESS_OWN;
}
