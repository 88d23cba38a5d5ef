/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Facts out of IP headers: each function takes one header and judges it by itself. */
#pragma once

#include "core/headers.h"
#include "core/packet.h"
#include "core/tuple_ops.h"

/*
 * What a header says of fragments, before the part of the datagram at packet->l4_offset. A part
 * that is the whole is no piece (RFC 6946).
 */
TG_INLINE void tg_note_piece(struct tg_packet *packet, __u16 begin, bool more,
                             __be32 identification)
{
    packet->identification = identification;
    packet->piece_begin = begin;
    packet->piece_offset = packet->l4_offset;
    if (begin)
        packet->flags |= TG_PACKET_LATER_PIECE;
    else if (more)
        packet->flags |= TG_PACKET_FIRST_PIECE;
    if (!more)
        packet->flags |= TG_PACKET_LAST_PIECE;
}

/*
 * Reads an IPv4 header (RFC 791) into the packet. `available` is the number of bytes from the
 * header to the end of the frame. Sets tuple addresses and protocol, lengths, TTL, offset of the
 * L4 header and the fragment flags. False: the header is bad or says more than the frame holds.
 */
TG_INLINE bool tg_parse_ipv4(const struct tg_ipv4_header *header, __u32 available,
                             struct tg_packet *packet)
{
    __u32 header_length = (header->version_length & 0x0f) * 4u;
    __u32 total = tg_host16(header->total_length);
    __u16 fragment = tg_host16(header->fragment);

    if (header->version_length >> 4 != 4 || header_length < sizeof(*header))
        return false;
    /* A GSO skb longer than 64 KiB has a total length of 0. */
    if (total == 0 && available > 0xffff)
        total = available;
    if (total < header_length || total > available)
        return false;
    packet->tuple.family = TG_FAMILY_IPV4;
    packet->tuple.protocol = header->protocol;
    packet->tuple.src = tg_addr_v4(header->src);
    packet->tuple.dst = tg_addr_v4(header->dst);
    packet->edits.ttl = header->ttl;
    packet->edits.tos = packet->tos = header->tos;
    packet->l3_length = total;
    packet->l4_offset = (__u16)(packet->l3_offset + header_length);
    if (fragment & TG_IPV4_DONT_FRAGMENT)
        packet->flags |= TG_PACKET_DONT_FRAGMENT;
    tg_note_piece(packet, fragment & TG_IPV4_FRAGMENT_OFFSET, fragment & TG_IPV4_MORE_FRAGMENTS,
                  header->identification);
    return true;
}

/* The same for the fixed IPv6 header (RFC 8200); the L4 header is found by tg_parse_extension. */
TG_INLINE bool tg_parse_ipv6(const struct tg_ipv6_header *header, __u32 available,
                             struct tg_packet *packet)
{
    __u32 first = tg_host32(header->version_class_flow);
    __u32 payload = tg_host16(header->payload_length);

    if (first >> 28 != 6)
        return false;
    /* Jumbograms and GSO skbs beyond 64 KiB (RFC 2675) have a payload length of 0. */
    if (payload == 0 && available > 0xffff)
        payload = available - (__u32)sizeof(*header);
    if (payload + sizeof(*header) > available)
        return false;
    packet->tuple.family = TG_FAMILY_IPV6;
    packet->tuple.protocol = header->next_header;
    __builtin_memcpy(&packet->tuple.src, header->src, sizeof(packet->tuple.src));
    __builtin_memcpy(&packet->tuple.dst, header->dst, sizeof(packet->tuple.dst));
    packet->edits.ttl = header->hop_limit;
    packet->edits.tos = packet->tos = (__u8)(first >> 20);
    packet->l3_length = payload + (__u32)sizeof(*header);
    packet->l4_offset = (__u16)(packet->l3_offset + sizeof(*header));
    packet->flags |= TG_PACKET_DONT_FRAGMENT;
    return true;
}

TG_INLINE bool tg_is_extension(__u8 protocol)
{
    return protocol == TG_IPV6_HOP_BY_HOP || protocol == TG_IPV6_ROUTING ||
           protocol == TG_IPV6_FRAGMENT || protocol == TG_IPV6_DESTINATION ||
           protocol == TG_IPV6_MOBILITY;
}

/*
 * Steps over the extension header at packet->l4_offset, of which the first 8 bytes are given (all
 * extension headers are at least that long). Sets protocol and offset of what follows, and the
 * fragment facts. False: the header reaches past the packet's end.
 */
TG_INLINE bool tg_parse_extension(const struct tg_ipv6_extension *header, struct tg_packet *packet)
{
    __u32 length = (header->length + 1u) * 8u;
    __u32 end = packet->l3_offset + packet->l3_length;

    if (packet->tuple.protocol == TG_IPV6_FRAGMENT) {
        __u16 fragment = tg_host16(header->fragment);

        tg_note_piece(packet, fragment >> 3, fragment & 1, header->identification);
        packet->piece_offset += sizeof(*header);
        length = sizeof(*header);
    }
    if (packet->l4_offset + length > end)
        return false;
    packet->tuple.protocol = header->next_header;
    packet->l4_offset = (__u16)(packet->l4_offset + length);
    return true;
}
