/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Translates a frame in XDP: its checksums are finished, and its bytes are written directly. */
#pragma once

#include "path/rewrite_quote.h"

/* A pointer to `size` bytes at `offset`, which lie in the frame; NULL: they do not. */
TG_INLINE void *tg_xdp_bytes(tg_ctx *ctx, __u32 offset, __u32 size)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    __u32 near = tg_opaque(offset);

    return near < TG_DIRECT_BYTES && data + near + size <= end ? data + near : NULL;
}

TG_INLINE bool tg_xdp_translate_network(tg_ctx *ctx, const struct tg_packet *packet,
                                        const struct tg_tuple *to, __u64 change)
{
    if (to->family == TG_FAMILY_IPV4) {
        struct tg_ipv4_header *ip = tg_xdp_bytes(ctx, packet->l3_offset, sizeof(*ip));

        if (!ip)
            return false;
        ip->src = to->src.words[3];
        ip->dst = to->dst.words[3];
        ip->checksum = tg_checksum_change(ip->checksum, change);
        return true;
    }
    struct tg_ipv6_header *ipv6 = tg_xdp_bytes(ctx, packet->l3_offset, sizeof(*ipv6));

    if (!ipv6)
        return false;
    for (int i = 0; i < 4; i++) {
        ipv6->src[i] = to->src.words[i];
        ipv6->dst[i] = to->dst.words[i];
    }
    return true;
}

TG_INLINE bool tg_xdp_translate_ports(tg_ctx *ctx, const struct tg_packet *packet,
                                      const struct tg_rewrite *rewrite)
{
    __be16 *port;

    if (!rewrite->port_size)
        return true;
    port = tg_xdp_bytes(ctx, packet->l4_offset + rewrite->port_offset, sizeof(rewrite->port));
    if (!port)
        return false;
    port[0] = rewrite->port[0];
    if (rewrite->port_size == sizeof(rewrite->port))
        port[1] = rewrite->port[1];
    return true;
}

/* What the L4 checksum at `offset` covers changes by so much. */
TG_INLINE bool tg_change_checksum(tg_ctx *ctx, __u32 offset, __u64 change)
{
    __be16 *checksum = tg_xdp_bytes(ctx, offset, sizeof(*checksum));

    if (!checksum)
        return false;
    *checksum = tg_checksum_change(*checksum, change);
    return true;
}

/* Both ports as they lie side by side. */
TG_INLINE __u32 tg_both_ports(const struct tg_tuple *tuple)
{
    __u32 both;

    __builtin_memcpy(&both, &tuple->src_port, sizeof(both));
    return both;
}

/* Of a UDP header all, of a TCP header the beginning and the checksum. */
struct tg_plain_udp {
    struct tg_ipv4_header ip;
    __u32 ports;
    __be16 length;
    __be16 checksum;
};

struct tg_plain_tcp {
    struct tg_ipv4_header ip;
    __u32 ports;
    __u32 numbers[3];
    __be16 checksum;
};

TG_ASSERT(sizeof(struct tg_plain_udp) == 28, "RFC 791, RFC 768");
TG_ASSERT(offsetof(struct tg_plain_tcp, checksum) == 36, "RFC 791, RFC 9293");

/*
 * As tg_xdp_translate, for nearly all packets: those of TCP and UDP over IPv4 without options. What
 * stands in the headers is what it changes from. false: it is not for this one, and nothing is
 * changed.
 */
TG_INLINE bool tg_xdp_translate_plain(tg_ctx *ctx, const struct tg_packet *packet)
{
    const struct tg_tuple *to = &packet->translated;
    bool tcp = to->protocol == TG_PROTOCOL_TCP;
    __u32 both = tg_both_ports(to);
    struct tg_plain_udp *plain;
    struct tg_plain_tcp *longer;
    __u64 change;

    /* No header of IPv6 is that short. */
    if (packet->l4_offset - packet->l3_offset != (__u32)sizeof(plain->ip) ||
        (!tcp && to->protocol != TG_PROTOCOL_UDP) ||
        tg_packet_is(packet, TG_PACKET_LATER_PIECE | TG_PACKET_ICMP_ERROR))
        return false;
    longer = tg_xdp_bytes(ctx, packet->l3_offset, sizeof(*plain));
    plain = (void *)longer;
    if (!plain || (tcp && (void *)(longer + 1) > (void *)(long)ctx->data_end))
        return false;
    change = (__u64)~plain->ip.src + to->src.words[3] + ~plain->ip.dst + to->dst.words[3];
    plain->ip.src = to->src.words[3];
    plain->ip.dst = to->dst.words[3];
    plain->ip.checksum = tg_checksum_add(plain->ip.checksum, change);
    change += (__u64)~plain->ports + both;
    plain->ports = both;
    if (tcp)
        longer->checksum = tg_checksum_add(longer->checksum, change);
    else if (plain->checksum)
        plain->checksum = tg_checksum_add(plain->checksum, change) ?: 0xffff;
    return true;
}

/* Makes the packet one with the tuple packet->translated. 0: that cannot be. */
__noinline int tg_xdp_translate(tg_ctx *ctx, struct tg_packet *packet)
{
    struct tg_rewrite rewrite;
    __be16 *checksum;

    if (!packet || !tg_rewrite_begin(ctx, packet, &rewrite))
        return 0;
    if (!tg_xdp_translate_network(ctx, packet, &packet->translated, rewrite.addresses))
        return 0;
    if (tg_packet_is(packet, TG_PACKET_LATER_PIECE))
        return 1;
    if (!tg_xdp_translate_ports(ctx, packet, &rewrite))
        return 0;
    if (!rewrite.sum.offset)
        return 1;
    checksum = tg_xdp_bytes(ctx, packet->l4_offset + rewrite.sum.offset, sizeof(*checksum));
    if (!checksum)
        return 0;
    *checksum = tg_l4_checksum_change(&rewrite.sum, *checksum, tg_rewrite_l4(&rewrite));
    return 1;
}
