/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From one tuple to another in a packet: what changes, and by how much every checksum over it does.
 * Who applies it, to bytes or by the kernel's helpers, is the context's business.
 */
#pragma once

#include "core/checksum.h"
#include "core/nat.h"

/* Where a transport header has a checksum, and what it covers. */
struct tg_l4_checksum {
    __u32 offset;  /* 0: it has none that addresses or ports are part of */
    bool pseudo;   /* the addresses are */
    bool optional; /* 0 in its place: there is none (RFC 768; RFC 3828: there must be one) */
};

TG_INLINE struct tg_l4_checksum tg_l4_checksum_of(__u8 protocol)
{
    struct tg_l4_checksum checksum = {.pseudo = protocol != TG_PROTOCOL_ICMP};

    if (protocol == TG_PROTOCOL_TCP)
        checksum.offset = offsetof(struct tg_tcp_header, checksum);
    else if (protocol == TG_PROTOCOL_UDP || protocol == TG_PROTOCOL_UDPLITE ||
             protocol == TG_PROTOCOL_DCCP)
        checksum.offset = offsetof(struct tg_udp_header, checksum);
    else if (protocol == TG_PROTOCOL_ICMP || protocol == TG_PROTOCOL_ICMPV6)
        checksum.offset = offsetof(struct tg_icmp_header, checksum);
    checksum.optional = protocol == TG_PROTOCOL_UDP || protocol == TG_PROTOCOL_UDPLITE;
    return checksum;
}

/* What a sum changes by where `from` becomes `to`; for tg_checksum_change. */
TG_INLINE __u64 tg_addr_change(const struct tg_addr *from, const struct tg_addr *to)
{
    __u64 sum = 0;

    for (int i = 0; i < 4; i++)
        sum += (__u64)(__u32)~from->words[i] + to->words[i];
    return sum;
}

TG_INLINE __u64 tg_port_change(__be16 from, __be16 to)
{
    return (__u64)(__u16)~from + to;
}

/* As 32 bits, for the kernel's helpers. */
TG_INLINE __u32 tg_sum_short(__u64 sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    return (__u32)((sum & 0xffffffff) + (sum >> 32));
}

/* The checksum after what it covers has changed by so much (RFC 1624). */
TG_INLINE __be16 tg_checksum_change(__be16 checksum, __u64 change)
{
    return (__be16)~tg_sum_fold((__u64)(__u16)~checksum + change);
}

/* The same for a change below 2^35, as the sum of eight words is. */
TG_INLINE __be16 tg_checksum_add(__be16 checksum, __u64 change)
{
    __u64 sum = (__u16)~checksum + change;

    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (__be16) ~((sum & 0xffff) + (sum >> 16));
}

/* Of a transport header: where none is optional, 0 is written as its other form (RFC 768). */
TG_INLINE __be16 tg_l4_checksum_change(const struct tg_l4_checksum *place, __be16 checksum,
                                       __u64 change)
{
    if (place->optional && !checksum)
        return 0;
    checksum = tg_checksum_change(checksum, change);
    return place->optional && !checksum ? 0xffff : checksum;
}

/* Changes of one packet, or of the beginning of one that an ICMP error quotes. */
struct tg_rewrite {
    __u64 addresses; /* change of the sum over both */
    __u64 ports;     /* … over ports, or the identifier */
    struct tg_l4_checksum sum;
    __u32 port_offset; /* in the transport header, of what changes there */
    __u32 port_size;   /* 0: nothing changes there */
    __be16 port[2];
};

/*
 * `to` may be the tuple of an ICMP error: only its addresses are of interest then. So they are of a
 * later piece of a datagram, which has no transport header.
 */
TG_INLINE void tg_rewrite_plan(const struct tg_tuple *from, const struct tg_tuple *to,
                               struct tg_rewrite *rewrite)
{
    __builtin_memset(rewrite, 0, sizeof(*rewrite));
    rewrite->addresses =
        tg_addr_change(&from->src, &to->src) + tg_addr_change(&from->dst, &to->dst);
    rewrite->sum = tg_l4_checksum_of(from->protocol);
    /* As most translations leave them. */
    if (from->src_port == to->src_port && from->dst_port == to->dst_port)
        return;
    if (tg_has_identifier(from)) {
        rewrite->port_offset = offsetof(struct tg_icmp_header, identifier);
        rewrite->port_size = sizeof(__be16);
        rewrite->port[0] = to->src_port;
        rewrite->ports = tg_port_change(from->src_port, to->src_port);
    } else if (tg_has_ports(from->protocol)) {
        rewrite->port_size = 2 * sizeof(__be16);
        rewrite->port[0] = to->src_port;
        rewrite->port[1] = to->dst_port;
        rewrite->ports = tg_port_change(from->src_port, to->src_port) +
                         tg_port_change(from->dst_port, to->dst_port);
    }
}

/* What the transport checksum changes by. */
TG_INLINE __u64 tg_rewrite_l4(const struct tg_rewrite *rewrite)
{
    return rewrite->ports + (rewrite->sum.pseudo ? rewrite->addresses : 0);
}
