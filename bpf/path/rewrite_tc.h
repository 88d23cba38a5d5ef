/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Translates an skb, by the helpers that know of unfinished checksums and of the sum the kernel
 * keeps over the whole packet. IPv4's header makes up for its addresses in that sum, IPv6's does
 * not, and the helper for pseudo headers takes the first for granted: IPv6's addresses are stored
 * with the sum corrected.
 */
#pragma once

#include "path/rewrite_quote.h"

TG_INLINE bool tg_tc_translate_network(tg_ctx *ctx, const struct tg_packet *packet,
                                       const struct tg_tuple *to, __u64 change)
{
    __u32 l3 = packet->l3_offset;

    if (to->family == TG_FAMILY_IPV4) {
        __be32 both[2] = {to->src.words[3], to->dst.words[3]};

        return !bpf_l3_csum_replace(ctx, l3 + (__u32)offsetof(struct tg_ipv4_header, checksum), 0,
                                    tg_sum_short(change), 0) &&
               !bpf_skb_store_bytes(ctx, l3 + (__u32)offsetof(struct tg_ipv4_header, src), both,
                                    sizeof(both), BPF_F_INVALIDATE_HASH);
    }
    struct tg_addr both[2] = {to->src, to->dst};

    return !bpf_skb_store_bytes(ctx, l3 + (__u32)offsetof(struct tg_ipv6_header, src), both,
                                sizeof(both), BPF_F_INVALIDATE_HASH | BPF_F_RECOMPUTE_CSUM);
}

TG_INLINE bool tg_tc_translate_ports(tg_ctx *ctx, const struct tg_packet *packet,
                                     const struct tg_rewrite *rewrite)
{
    __u32 offset = packet->l4_offset + rewrite->port_offset;

    if (rewrite->port_size == sizeof(rewrite->port))
        return !bpf_skb_store_bytes(ctx, offset, rewrite->port, sizeof(rewrite->port), 0);
    return !rewrite->port_size ||
           !bpf_skb_store_bytes(ctx, offset, rewrite->port, sizeof(rewrite->port[0]), 0);
}

/* `change` of what the checksum covers but for addresses. */
TG_INLINE bool tg_tc_translate_checksum(tg_ctx *ctx, const struct tg_packet *packet,
                                        const struct tg_rewrite *rewrite, __u64 change)
{
    __u32 offset = packet->l4_offset + rewrite->sum.offset;
    __u64 flags = rewrite->sum.optional ? BPF_F_MARK_MANGLED_0 : 0;

    if (!rewrite->sum.offset)
        return true;
    if (rewrite->sum.pseudo && bpf_l4_csum_replace(ctx, offset, 0, tg_sum_short(rewrite->addresses),
                                                   flags | BPF_F_PSEUDO_HDR))
        return false;
    return !change || !bpf_l4_csum_replace(ctx, offset, 0, tg_sum_short(change), flags);
}

/* What the L4 checksum at `offset`, finished or not, covers changes by so much. */
TG_INLINE bool tg_change_checksum(tg_ctx *ctx, __u32 offset, __u64 change)
{
    return !bpf_l4_csum_replace(ctx, offset, 0, tg_sum_short(change), 0);
}

/* As tg_xdp_translate. */
__noinline int tg_tc_translate(tg_ctx *ctx, struct tg_packet *packet)
{
    struct tg_rewrite rewrite;

    if (!packet || !tg_rewrite_begin(ctx, packet, &rewrite))
        return 0;
    if (!tg_tc_translate_network(ctx, packet, &packet->translated, rewrite.addresses))
        return 0;
    if (tg_packet_is(packet, TG_PACKET_LATER_PIECE))
        return 1;
    return tg_tc_translate_ports(ctx, packet, &rewrite) &&
           tg_tc_translate_checksum(ctx, packet, &rewrite, rewrite.ports);
}
