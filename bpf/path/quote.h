/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Part of stage parse: what an ICMP error is about. */
#pragma once

#include "core/parse_quote.h"
#include "path/context.h"

TG_INLINE __u32 tg_quote_end(const struct tg_packet *packet)
{
    return (__u32)packet->l3_offset + packet->l3_length;
}

/* Loads what lies in the packet; what a frame has behind it is padding. */
TG_INLINE bool tg_quote_load(tg_ctx *ctx, const struct tg_packet *packet, __u32 offset, void *to,
                             __u32 size)
{
    return offset + size <= tg_quote_end(packet) && tg_ctx_load_some(ctx, offset, to, size);
}

/* The quoted IP header and what belongs to it; false: it cannot be read to its end. */
TG_INLINE bool tg_quote_network(tg_ctx *ctx, const struct tg_packet *packet,
                                struct tg_tuple *quoted, __u32 *offset)
{
    struct tg_ipv4_header ipv4;
    struct tg_ipv6_header ipv6;

    if (quoted->family == TG_FAMILY_IPV4)
        return tg_quote_load(ctx, packet, *offset, &ipv4, sizeof(ipv4)) &&
               tg_quote_ipv4(&ipv4, quoted, offset) && *offset <= tg_quote_end(packet);
    if (!tg_quote_load(ctx, packet, *offset, &ipv6, sizeof(ipv6)))
        return false;
    tg_quote_ipv6(&ipv6, quoted, offset);
    for (__u32 i = 0; i < TG_LIMIT_IPV6_EXTENSION_HEADERS; i++) {
        struct tg_ipv6_option_header header;
        __be16 fragment = 0;

        if (!tg_is_extension(quoted->protocol))
            break;
        if (!tg_quote_load(ctx, packet, *offset, &header, sizeof(header)))
            return false;
        /* A later fragment does not say which ports it has. */
        if (quoted->protocol == TG_IPV6_FRAGMENT &&
            (!tg_quote_load(ctx, packet, *offset + (__u32)sizeof(header), &fragment,
                            sizeof(fragment)) ||
             fragment & tg_net16(TG_IPV6_FRAGMENT_OFFSET)))
            return false;
        tg_quote_extension(&header, quoted, offset);
    }
    return !tg_is_extension(quoted->protocol) && quoted->protocol != TG_IPV6_NO_NEXT;
}

/* The first bytes of the quoted L4 header, as far as they tell whose packet it was. */
TG_INLINE bool tg_quote_transport(tg_ctx *ctx, const struct tg_packet *packet,
                                  struct tg_tuple *quoted, __u32 offset)
{
    struct tg_icmp_header icmp;
    struct tg_gre_header gre = {};
    __be16 ports[2];

    if (tg_has_ports(quoted->protocol)) {
        if (!tg_quote_load(ctx, packet, offset, ports, sizeof(ports)))
            return false;
        quoted->src_port = ports[0];
        quoted->dst_port = ports[1];
        return true;
    }
    if (tg_tuple_is_icmp(quoted))
        return tg_quote_load(ctx, packet, offset, &icmp, sizeof(icmp)) &&
               tg_quote_icmp(&icmp, quoted);
    if (quoted->protocol == TG_PROTOCOL_GRE &&
        tg_quote_load(ctx, packet, offset, &gre, sizeof(gre)))
        return tg_parse_gre(&gre, quoted);
    return true;
}

/* Fills packet->quoted; 0: the quotation does not tell which packet it is of. */
__noinline int tg_parse_quoted(tg_ctx *ctx, struct tg_packet *packet)
{
    struct tg_tuple quoted = {};
    __u32 offset;

    if (!packet)
        return false;
    offset = packet->l4_offset + (__u32)sizeof(struct tg_icmp_header);
    quoted.family = packet->tuple.family;
    if (!tg_quote_network(ctx, packet, &quoted, &offset) ||
        !tg_quote_transport(ctx, packet, &quoted, offset))
        return false;
    packet->quoted = quoted;
    packet->quoted_l4 = (__u16)offset;
    return true;
}
