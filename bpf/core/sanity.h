/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses that cannot be, and the few packets a host cannot live without. */
#pragma once

#include "core/packet.h"
#include "core/tuple_ops.h"

TG_INLINE bool tg_ipv4_multicast(__u32 address)
{
    return address >> 28 == 0xe;
}

/* Multicast, or the limited broadcast address (RFC 1112, RFC 919, RFC 4291). */
TG_INLINE bool tg_group_address(const struct tg_tuple *tuple)
{
    __u32 last = tg_host32(tuple->dst.words[3]);

    if (tuple->family == TG_FAMILY_IPV4)
        return tg_ipv4_multicast(last) || last == 0xffffffff;
    return tuple->dst.bytes[0] == 0xff;
}

/*
 * Sources no host on a wire has: loopback, multicast, broadcast (RFC 1122, RFC 4291), an IPv4
 * address in an IPv6 packet. The unspecified address asks only a group (DHCP, MLD).
 */
TG_INLINE bool tg_martian_source(const struct tg_tuple *tuple, bool to_group)
{
    const struct tg_addr *src = &tuple->src;
    __u32 last = tg_host32(src->words[3]);

    if (tuple->family == TG_FAMILY_IPV4) {
        if (last >> 24 == 0)
            return !to_group;
        return last >> 24 == 127 || tg_ipv4_multicast(last) || last == 0xffffffff;
    }
    if (src->bytes[0] == 0xff)
        return true;
    if (src->halves[0] != 0)
        return false;
    if (src->words[2] == tg_net32(0xffff))
        return true;
    if (src->words[2] == 0 && last == 0)
        return !to_group;
    return src->words[2] == 0 && last == 1;
}

TG_INLINE bool tg_ipv6_link_local(const struct tg_addr *address)
{
    return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

/* What no router forwards, whatever its routes say: the stack knows what to make of it. */
TG_INLINE bool tg_never_forwarded(const struct tg_tuple *tuple)
{
    const struct tg_addr *dst = &tuple->dst;

    if (tuple->family == TG_FAMILY_IPV4)
        return dst->bytes[12] == 127;
    return tg_ipv6_link_local(&tuple->src) || tg_ipv6_link_local(dst) ||
           (dst->halves[0] == 0 && dst->words[2] == 0 && tg_host32(dst->words[3]) <= 1);
}

/* RFC 4861: hop limit 255 proves that no router has forwarded it. */
TG_INLINE bool tg_neighbour_discovery(const struct tg_packet *packet)
{
    return packet->tuple.protocol == TG_PROTOCOL_ICMPV6 && packet->tuple.family == TG_FAMILY_IPV6 &&
           packet->edits.ttl == 255 && packet->icmp_type >= 133 && packet->icmp_type <= 137 &&
           packet->icmp_code == 0 &&
           !tg_packet_is(packet, TG_PACKET_L4_BAD | TG_PACKET_LATER_PIECE);
}

/* Membership messages (RFC 2710, RFC 3810) belong to no connection. */
TG_INLINE bool tg_multicast_listener(const struct tg_packet *packet)
{
    __u8 type = packet->icmp_type;

    return packet->tuple.protocol == TG_PROTOCOL_ICMPV6 &&
           ((type >= 130 && type <= 137) || type == 143);
}

#define TG_PORT_DHCP_SERVER 67
#define TG_PORT_DHCP_CLIENT 68

TG_INLINE bool tg_dhcp_between(const struct tg_packet *packet, __u16 src, __u16 dst)
{
    return packet->tuple.family == TG_FAMILY_IPV4 && packet->tuple.protocol == TG_PROTOCOL_UDP &&
           packet->tuple.src_port == tg_net16(src) && packet->tuple.dst_port == tg_net16(dst) &&
           !tg_packet_is(packet, TG_PACKET_L4_BAD);
}

TG_INLINE bool tg_dhcp_request(const struct tg_packet *packet)
{
    return tg_dhcp_between(packet, TG_PORT_DHCP_CLIENT, TG_PORT_DHCP_SERVER);
}

TG_INLINE bool tg_dhcp_answer(const struct tg_packet *packet)
{
    return tg_dhcp_between(packet, TG_PORT_DHCP_SERVER, TG_PORT_DHCP_CLIENT);
}
