/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How TC programs end a packet's way, and send one to its next hop. */
#pragma once

#include "core/packet.h"
#include "path/context.h"

/* TC_ACT_UNSPEC: whoever comes after us goes on; TC_ACT_OK would end it. */
#define TG_TC_NEXT (-1)
#define TG_TC_DROP 2 /* TC_ACT_SHOT */

/* Takes off the VLAN tag the packet came with. */
TG_INLINE bool tg_untag(tg_ctx *ctx, struct tg_packet *packet)
{
    if (!tg_packet_is(packet, TG_PACKET_TAGGED))
        return true;
    if (bpf_skb_vlan_pop(ctx))
        return false;
    packet->l3_offset = TG_ETHERNET_HEADER;
    return true;
}

/*
 * To packet->next_hop; the kernel resolves a neighbour it does not know and keeps the packet
 * meanwhile.
 */
TG_INLINE int tg_redirect(const struct tg_packet *packet)
{
    struct bpf_redir_neigh hop = {};

    hop.nh_family = packet->next_hop_family;
    if (packet->next_hop_family == TG_AF_INET)
        hop.ipv4_nh = packet->next_hop.words[3];
    else
        __builtin_memcpy(hop.ipv6_nh, &packet->next_hop, sizeof(packet->next_hop));
    return (int)bpf_redirect_neigh(packet->out_ifindex, &hop, sizeof(hop), 0);
}
