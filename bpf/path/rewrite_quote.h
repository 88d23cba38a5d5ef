/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an ICMP error quotes becomes the packet its receiver has sent: they are few, so by calls. */
#pragma once

#include "core/rewrite.h"
#include "path/context.h"
#include "path/quote.h"

/* Writes the quoted addresses, and of IPv4 the checksum over them; false: it cannot be done. */
TG_INLINE bool tg_requote_network(tg_ctx *ctx, const struct tg_packet *packet, __u32 offset,
                                  const struct tg_rewrite *rewrite, __u64 *change)
{
    const struct tg_tuple *to = &packet->requoted;
    struct tg_ipv4_header ip;
    struct tg_addr both[2] = {to->src, to->dst};

    if (to->family == TG_FAMILY_IPV6) {
        *change += rewrite->addresses;
        return tg_ctx_store(ctx, offset + (__u32)offsetof(struct tg_ipv6_header, src), both,
                            sizeof(both));
    }
    if (!tg_quote_load(ctx, packet, offset, &ip, sizeof(ip)))
        return false;
    /* The sum over the header stays as it is. */
    ip.checksum = tg_checksum_change(ip.checksum, rewrite->addresses);
    ip.src = to->src.words[3];
    ip.dst = to->dst.words[3];
    return tg_ctx_store(ctx, offset, &ip, sizeof(ip));
}

/* The checksum of the quoted transport header, if the quotation goes so far. */
TG_INLINE bool tg_requote_checksum(tg_ctx *ctx, const struct tg_packet *packet, __u32 offset,
                                   const struct tg_rewrite *rewrite, __u64 *change)
{
    __be16 old, checksum;

    if (!rewrite->sum.offset)
        return true;
    offset += rewrite->sum.offset;
    if (!tg_quote_load(ctx, packet, offset, &old, sizeof(old)))
        return true;
    checksum = tg_l4_checksum_change(&rewrite->sum, old, tg_rewrite_l4(rewrite));
    *change += tg_port_change(old, checksum);
    return tg_ctx_store(ctx, offset, &checksum, sizeof(checksum));
}

/* Rewrites the quotation and tells by how much the sum over it has changed. 0: it cannot be done.
 */
__noinline int tg_requote(tg_ctx *ctx, struct tg_packet *packet, __u64 *change)
{
    struct tg_rewrite rewrite;
    __u32 offset;
    __u64 sum = 0;

    if (!packet || !change)
        return 0;
    tg_rewrite_plan(&packet->quoted, &packet->requoted, &rewrite);
    offset = packet->l4_offset + (__u32)sizeof(struct tg_icmp_header);
    if (!tg_requote_network(ctx, packet, offset, &rewrite, &sum))
        return 0;
    offset = packet->quoted_l4;
    if (rewrite.port_size == sizeof(rewrite.port) &&
        !tg_ctx_store(ctx, offset, rewrite.port, sizeof(rewrite.port)))
        return 0;
    if (rewrite.port_size == sizeof(rewrite.port[0]) &&
        !tg_ctx_store(ctx, offset + rewrite.port_offset, rewrite.port, sizeof(rewrite.port[0])))
        return 0;
    sum += rewrite.ports;
    if (!tg_requote_checksum(ctx, packet, offset, &rewrite, &sum))
        return 0;
    *change = sum;
    return 1;
}

/* What translating the packet changes; what an ICMP error quotes is rewritten here. */
TG_INLINE bool tg_rewrite_begin(tg_ctx *ctx, struct tg_packet *packet, struct tg_rewrite *rewrite)
{
    __u64 quoted = 0;

    tg_rewrite_plan(tg_wire_tuple(packet), &packet->translated, rewrite);
    if (!tg_packet_is(packet, TG_PACKET_ICMP_ERROR))
        return true;
    if (!tg_requote(ctx, packet, &quoted))
        return false;
    rewrite->ports = quoted;
    rewrite->port_size = 0;
    return true;
}
