/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What rules of mangle make of header fields, and how it is written into the headers. */
#pragma once

#include "core/headers.h"
#include "core/packet.h"
#include "core/parse_l4.h"
#include "core/rewrite.h"
#include "tidegate/rule.h"

#define TG_ECN_BITS  0x03u /* of the byte that the DSCP is in */
#define TG_DSCP_BITS 0xfcu

TG_INLINE __u8 tg_dscp(const struct tg_edits *edits)
{
    return edits->tos >> 2;
}

/* As change-ttl's value says, within what the field holds. */
TG_INLINE __u8 tg_new_ttl(__u8 ttl, __u32 value)
{
    __u8 by = (__u8)value;

    if (value & TG_TTL_INCREMENT)
        return ttl + by > 255 ? 255 : (__u8)(ttl + by);
    if (value & TG_TTL_DECREMENT)
        return ttl > by ? (__u8)(ttl - by) : 0;
    return by;
}

TG_INLINE void tg_change_dscp(struct tg_edits *edits, __u32 value)
{
    if (value == TG_VALUE_FROM_OTHER)
        value = edits->priority;
    else if (value == TG_VALUE_FROM_HIGH)
        value = (edits->priority & 7u) << 3;
    edits->tos = (__u8)((edits->tos & TG_ECN_BITS) | (value & 63) << 2);
    edits->changed |= TG_EDIT_DSCP;
}

TG_INLINE void tg_set_priority(struct tg_packet *packet, __u32 value)
{
    if (value == TG_VALUE_FROM_OTHER)
        value = tg_dscp(&packet->edits);
    else if (value == TG_VALUE_FROM_HIGH)
        value = tg_dscp(&packet->edits) >> 3;
    else if (value == TG_VALUE_FROM_INGRESS)
        value = packet->vlan_priority;
    packet->edits.priority = value & 63;
    packet->edits.prioritised = 1;
}

/* IPv6 has no such bit: its packets are never taken apart on their way. */
TG_INLINE void tg_clear_df(struct tg_packet *packet)
{
    if (packet->tuple.family != TG_FAMILY_IPV4 || !tg_packet_is(packet, TG_PACKET_DONT_FRAGMENT))
        return;
    packet->flags &= ~TG_PACKET_DONT_FRAGMENT;
    packet->edits.changed |= TG_EDIT_DF;
}

/*
 * Whether it can be fragmented for want of that bit, and its pieces be told from others' by
 * nothing: senders that set the bit may leave the identification at 0 (RFC 6864).
 */
TG_INLINE bool tg_lacks_identification(const struct tg_packet *packet)
{
    return packet->edits.changed & TG_EDIT_DF && !packet->identification &&
           !tg_packet_is(packet, TG_PACKET_FIRST_PIECE | TG_PACKET_LATER_PIECE);
}

TG_INLINE void tg_identify(struct tg_packet *packet, __be16 identification)
{
    packet->edits.identification = identification;
    packet->identification = identification;
}

/* Whether it is a SYN that says how large a segment may be; one that does not stays as it is. */
TG_INLINE bool tg_offers_mss(const struct tg_packet *packet)
{
    return packet->tuple.protocol == TG_PROTOCOL_TCP &&
           !tg_packet_is(packet, TG_PACKET_L4_BAD | TG_PACKET_LATER_PIECE) &&
           packet->tcp_flags & TG_TCP_SYN && packet->tcp.mss_at;
}

/* Never more than the sender takes. */
TG_INLINE void tg_lower_mss(struct tg_packet *packet, __u32 mss)
{
    __u32 now = packet->edits.changed & TG_EDIT_MSS ? packet->edits.mss : packet->tcp.mss;

    if (mss >= now)
        return;
    packet->edits.mss = (__u16)mss;
    packet->edits.changed |= TG_EDIT_MSS;
}

/* Takes over what rules have changed of the packet before it came here. */
TG_INLINE void tg_edits_take(struct tg_packet *packet, const struct tg_edits *edits)
{
    struct tg_edits *mine = &packet->edits;

    mine->routing_mark = edits->routing_mark;
    mine->priority = edits->priority;
    mine->prioritised = edits->prioritised;
    mine->changed = edits->changed;
    mine->mss = edits->mss;
    if (edits->changed & TG_EDIT_DSCP) {
        mine->tos = (mine->tos & TG_ECN_BITS) | (edits->tos & TG_DSCP_BITS);
        mine->route_tos = edits->route_tos;
        packet->flags |= TG_PACKET_ROUTE_TOS;
    }
    if (edits->changed & TG_EDIT_TTL) {
        mine->ttl = edits->ttl;
        packet->flags |= TG_PACKET_HOPPED;
    }
    if (edits->changed & TG_EDIT_DF)
        packet->flags &= ~TG_PACKET_DONT_FRAGMENT;
    if (edits->identification)
        tg_identify(packet, edits->identification);
}

/* An IPv4 header up to its checksum: all that is changed lies there. */
struct tg_ipv4_front {
    __be16 version_tos;
    __be16 total_length;
    __be16 identification;
    __be16 fragment;
    __be16 ttl_protocol;
    __be16 checksum;
};

/* The same of IPv6, which has no checksum. */
struct tg_ipv6_front {
    __be32 version_class_flow;
    __be16 payload_length;
    __u8 next_header;
    __u8 hop_limit;
};

TG_ASSERT(sizeof(struct tg_ipv4_front) == 12, "RFC 791");
TG_ASSERT(sizeof(struct tg_ipv6_front) == 8, "RFC 8200");

TG_INLINE void tg_edit_word(__be16 *word, __u16 kept, __u16 bits, __u64 *change)
{
    __be16 old = *word;

    *word = tg_net16((tg_host16(old) & kept) | bits);
    *change += tg_port_change(old, *word);
}

/* `ttl`: what is to stand in the header. */
TG_INLINE void tg_edit_ipv4(struct tg_ipv4_front *ip, const struct tg_edits *edits, __u8 ttl)
{
    __u64 change = 0;

    if (edits->changed & TG_EDIT_DSCP)
        tg_edit_word(&ip->version_tos, 0xff00 | TG_ECN_BITS, edits->tos & TG_DSCP_BITS, &change);
    if (edits->changed & TG_EDIT_DF)
        tg_edit_word(&ip->fragment, (__u16)~TG_IPV4_DONT_FRAGMENT, 0, &change);
    if (edits->changed & TG_EDIT_DF && edits->identification)
        tg_edit_word(&ip->identification, 0, tg_host16(edits->identification), &change);
    if (edits->changed & TG_EDIT_TTL)
        tg_edit_word(&ip->ttl_protocol, 0x00ff, (__u16)(ttl << 8), &change);
    ip->checksum = tg_checksum_change(ip->checksum, change);
}

TG_INLINE void tg_edit_ipv6(struct tg_ipv6_front *ip, const struct tg_edits *edits, __u8 ttl)
{
    __u32 first = tg_host32(ip->version_class_flow);

    if (edits->changed & TG_EDIT_DSCP)
        first = (first & ~(TG_DSCP_BITS << 20)) | (__u32)(edits->tos & TG_DSCP_BITS) << 20;
    ip->version_class_flow = tg_net32(first);
    if (edits->changed & TG_EDIT_TTL)
        ip->hop_limit = ttl;
}
