/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage parse: from the frame to facts. The only stage besides finish that reads the packet. */
#pragma once

#include "core/parse_ip.h"
#include "core/parse_l4.h"
#include "core/tcp_options.h"
#include "path/bank.h"
#include "path/context.h"
#include "path/quote.h"
#include "path/upper.h"

/* The IPv6 header and the extension headers behind it. */
__noinline int tg_parse_ipv6_headers(tg_ctx *ctx, struct tg_packet *packet)
{
    struct tg_ipv6_header ipv6;

    if (!packet)
        return TG_REASON_NO_SCRATCH;
    if (!tg_ctx_load(ctx, packet->l3_offset, &ipv6, sizeof(ipv6)) ||
        !tg_parse_ipv6(&ipv6, packet->bytes - packet->l3_offset, packet))
        return TG_REASON_MALFORMED;
    for (__u32 i = 0; i < TG_LIMIT_IPV6_EXTENSION_HEADERS; i++) {
        struct tg_ipv6_extension extension;

        if (!tg_is_extension(packet->tuple.protocol) || tg_packet_is(packet, TG_PACKET_LATER_PIECE))
            return TG_REASON_NEXT;
        if (!tg_ctx_load(ctx, packet->l4_offset, &extension, sizeof(extension)) ||
            !tg_parse_extension(&extension, packet))
            return TG_REASON_MALFORMED;
    }
    return tg_is_extension(packet->tuple.protocol) && !tg_packet_is(packet, TG_PACKET_LATER_PIECE)
               ? TG_REASON_MALFORMED
               : TG_REASON_NEXT;
}

/* What comes before the transport header; packet->bytes is the frame's. */
TG_INLINE int tg_parse_network(tg_ctx *ctx, struct tg_packet *packet)
{
    struct tg_ipv4_header ipv4;

    if (packet->ethertype != tg_net16(TG_ETHERTYPE_IPV4))
        return tg_parse_ipv6_headers(ctx, packet);
    if (!tg_ctx_load(ctx, packet->l3_offset, &ipv4, sizeof(ipv4)) ||
        !tg_parse_ipv4(&ipv4, packet->bytes - packet->l3_offset, packet))
        return TG_REASON_MALFORMED;
    return TG_REASON_NEXT;
}

/*
 * The options of a segment that has some. Every segment of most connections has a timestamp; that
 * alone says nothing to the tracker.
 */
__noinline int tg_parse_options(tg_ctx *ctx, struct tg_packet *packet)
{
    struct tg_tcp_walk walk = {};
    __u32 offset, last;

    if (!packet)
        return 0;
    offset = packet->l4_offset + (__u32)sizeof(struct tg_tcp_header);
    /* The number of the last byte, so that the verifier sees that there is one. */
    last = tg_opaque(packet->l4_header - (__u32)sizeof(struct tg_tcp_header) - 1);
    if (last >= TG_TCP_OPTIONS_MAX)
        return 0;
    walk.length = last + 1;
    if (!tg_ctx_load_some(ctx, offset, walk.bytes, last + 1))
        return 0;
    tg_tcp_read_options(&walk, &packet->tcp);
    return 0;
}

TG_INLINE bool tg_only_timestamp(tg_ctx *ctx, const struct tg_packet *packet)
{
    __u32 offset = packet->l4_offset + (__u32)sizeof(struct tg_tcp_header);
    __be32 first;

    return packet->l4_header == sizeof(struct tg_tcp_header) + 12 &&
           tg_ctx_load(ctx, offset, &first, sizeof(first)) &&
           first == tg_net32(TG_TCP_ONLY_TIMESTAMP);
}

TG_INLINE bool tg_parse_segment(tg_ctx *ctx, const struct tg_tcp_header *header, __u32 length,
                                struct tg_packet *packet)
{
    packet->l4_header = (__u8)((header->data_offset >> 4) * 4);
    if (!tg_parse_tcp(header, length, packet))
        return false;
    if (packet->l4_header == sizeof(*header))
        return true;
    if (tg_only_timestamp(ctx, packet))
        packet->tcp.options = TG_TCP_OPTIONS;
    else
        tg_parse_options(ctx, packet);
    return true;
}

/* The L4 header; false: there is none, it is short, or it says what cannot be. */
TG_INLINE bool tg_parse_transport(tg_ctx *ctx, struct tg_packet *packet)
{
    __u32 length = packet->l3_offset + packet->l3_length - packet->l4_offset;
    __u8 protocol = packet->tuple.protocol;
    union {
        struct tg_tcp_header tcp;
        struct tg_udp_header udp;
        struct tg_icmp_header icmp;
        struct tg_gre_header gre;
    } header;

    if (length < tg_l4_minimum(protocol) ||
        (protocol == TG_IPV6_NO_NEXT && packet->tuple.family == TG_FAMILY_IPV6))
        return false;
    if (protocol == TG_PROTOCOL_TCP) {
        if (!tg_ctx_load(ctx, packet->l4_offset, &header.tcp, sizeof(header.tcp)))
            return false;
        return tg_parse_segment(ctx, &header.tcp, length, packet);
    }
    if (protocol == TG_PROTOCOL_GRE)
        return length < sizeof(header.gre) ||
               (tg_ctx_load(ctx, packet->l4_offset, &header.gre, sizeof(header.gre)) &&
                tg_parse_gre(&header.gre, &packet->tuple));
    if (tg_l4_minimum(protocol) == 0)
        return true;
    if (!tg_ctx_load(ctx, packet->l4_offset, &header.udp, sizeof(header.udp)))
        return false;
    packet->l4_header = sizeof(header.udp);
    if (tg_tuple_is_icmp(&packet->tuple)) {
        tg_parse_icmp(&header.icmp, packet);
        return true;
    }
    if (protocol == TG_PROTOCOL_UDP || protocol == TG_PROTOCOL_UDPLITE)
        return tg_parse_udp(&header.udp, length, packet);
    packet->tuple.src_port = header.udp.src_port;
    packet->tuple.dst_port = header.udp.dst_port;
    return true;
}

/* Packets and bytes as they are on the wire: a GSO packet counts as its segments. */
TG_INLINE void tg_measure(tg_ctx *ctx, struct tg_packet *packet)
{
    __u32 headers = packet->l4_offset - packet->l3_offset + packet->l4_header;
    __u32 gso_size = tg_ctx_gso_size(ctx);
    __u32 segments = 1;

    if (gso_size && packet->l3_length > headers + gso_size)
        segments = (packet->l3_length - headers + gso_size - 1) / gso_size;
    packet->packets = segments;
    packet->bytes = packet->l3_length + (segments - 1) * headers;
    packet->segment = segments == 1 ? packet->l3_length : gso_size + headers;
}

TG_INLINE int tg_stage_parse(tg_ctx *ctx, struct tg_packet *packet)
{
    int reason;

    if (!packet)
        return TG_REASON_NO_SCRATCH;
    packet->packets = 1;
    packet->bytes = tg_ctx_length(ctx);
    reason = tg_parse_link(ctx, packet);
    if (reason)
        return reason;
    if (tg_ctx_group(ctx))
        packet->flags |= TG_PACKET_GROUP;
    reason = tg_parse_network(ctx, packet);
    if (reason)
        return reason;
    if (tg_packet_is(packet, TG_PACKET_LATER_PIECE)) {
        packet->bytes = packet->segment = packet->l3_length;
        return TG_REASON_NEXT;
    }
    if (!tg_parse_transport(ctx, packet))
        packet->flags |= TG_PACKET_L4_BAD;
    else if (tg_packet_is(packet, TG_PACKET_ICMP_ERROR) && tg_parse_quoted(ctx, packet))
        packet->flags |= TG_PACKET_QUOTED;
    tg_measure(ctx, packet);
    return TG_REASON_NEXT;
}
