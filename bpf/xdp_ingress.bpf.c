// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// XDP of an attached interface: the whole decision on what comes in, before the kernel has made an
// skb of it. Two programs of one body, since not every driver takes frames of many buffers, and one
// for generic XDP, which comes after the kernel has made one and sends nothing itself.
#define TG_XDP
#include "path/context.h"
#include "path/maps.h"
#include "path/scratch.h"

#include "path/finish_xdp.h"
#include "path/ingress.h"

TG_INLINE int tg_xdp(struct xdp_md *ctx, __u32 flags)
{
    struct tg_packet *packet;

    /* TC ingress judges what cannot carry a word to it. */
    if (!tg_handover_possible(ctx))
        return XDP_PASS;
    packet = tg_ingress_packet(ctx);
    if (!packet)
        return XDP_DROP;
    packet->flags = flags;
    return tg_finish_xdp(ctx, packet, tg_ingress(ctx, packet));
}

SEC("xdp.frags")
int xdp_ingress(struct xdp_md *ctx)
{
    return tg_xdp(ctx, 0);
}

SEC("xdp")
int xdp_ingress_plain(struct xdp_md *ctx)
{
    return tg_xdp(ctx, 0);
}

/* Without .frags: the kernel then makes room in the very skb, whose link header TC still sees. */
SEC("xdp")
int xdp_ingress_generic(struct xdp_md *ctx)
{
    return tg_xdp(ctx, TG_PACKET_GENERIC);
}

char tg_license[] SEC("license") = "Dual BSD/GPL";
