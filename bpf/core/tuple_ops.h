/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Arithmetic on addresses and tuples: compare, mirror, bring into the table's key. */
#pragma once

#include "core/base.h"
#include "tidegate/addr.h"
#include "tidegate/direction.h"
#include "tidegate/tuple.h"

#define TG_PROTOCOL_ICMP    1
#define TG_PROTOCOL_IPIP    4
#define TG_PROTOCOL_TCP     6
#define TG_PROTOCOL_UDP     17
#define TG_PROTOCOL_IPV6    41
#define TG_PROTOCOL_GRE     47
#define TG_PROTOCOL_ESP     50
#define TG_PROTOCOL_AH      51
#define TG_PROTOCOL_ICMPV6  58
#define TG_PROTOCOL_SCTP    132
#define TG_PROTOCOL_UDPLITE 136
#define TG_PROTOCOL_DCCP    33

/* The IPv4 address (network order) in the form both families share. */
TG_INLINE struct tg_addr tg_addr_v4(__be32 address)
{
    struct tg_addr result;

    /* Whole halves: they are compared and hashed as such, and a CPU that has to gather one from two
       stores waits for both. */
    result.halves[0] = 0;
    result.halves[1] = tg_net64((__u64)0xffff << 32 | tg_host32(address));
    return result;
}

/* The second half tells IPv4 addresses apart, and most of IPv6 that meet. */
TG_INLINE bool tg_addr_equal(const struct tg_addr *a, const struct tg_addr *b)
{
    return a->halves[1] == b->halves[1] && a->halves[0] == b->halves[0];
}

/* Whether a <= b as 128-bit numbers. */
TG_INLINE bool tg_addr_not_above(const struct tg_addr *a, const struct tg_addr *b)
{
    __u64 a_high = tg_host64(a->halves[0]), b_high = tg_host64(b->halves[0]);

    if (a_high != b_high)
        return a_high < b_high;
    return tg_host64(a->halves[1]) <= tg_host64(b->halves[1]);
}

TG_INLINE bool tg_addr_in(const struct tg_addr *address, const struct tg_addr_range *range)
{
    return tg_addr_not_above(&range->low, address) && tg_addr_not_above(address, &range->high);
}

TG_INLINE bool tg_tuple_is_icmp(const struct tg_tuple *tuple)
{
    return tuple->protocol == TG_PROTOCOL_ICMP || tuple->protocol == TG_PROTOCOL_ICMPV6;
}

/* The request type of an ICMP exchange and the reply type that answers it. */
struct tg_icmp_pair {
    __u8 protocol;
    __u8 request;
    __u8 reply;
};

/*
 * RFC 792 (echo, timestamp, information), RFC 950 (address mask), RFC 4443 (echo), RFC 4620 (node
 * information).
 */
#define TG_ICMP_PAIR_COUNT 6
static const struct tg_icmp_pair tg_icmp_pairs[TG_ICMP_PAIR_COUNT] = {
    {TG_PROTOCOL_ICMP, 8, 0},   {TG_PROTOCOL_ICMP, 13, 14},     {TG_PROTOCOL_ICMP, 15, 16},
    {TG_PROTOCOL_ICMP, 17, 18}, {TG_PROTOCOL_ICMPV6, 128, 129}, {TG_PROTOCOL_ICMPV6, 139, 140},
};

enum tg_icmp_role {
    TG_ICMP_OTHER, /* neither: an error or an announcement */
    TG_ICMP_REQUEST,
    TG_ICMP_REPLY,
};

TG_INLINE enum tg_icmp_role tg_icmp_role(__u8 protocol, __u8 type)
{
    for (int i = 0; i < TG_ICMP_PAIR_COUNT; i++) {
        if (tg_icmp_pairs[i].protocol != protocol)
            continue;
        if (tg_icmp_pairs[i].request == type)
            return TG_ICMP_REQUEST;
        if (tg_icmp_pairs[i].reply == type)
            return TG_ICMP_REPLY;
    }
    return TG_ICMP_OTHER;
}

/* The type that goes the other way: 8 ↔ 0, and so on; the type itself if it has no partner. */
TG_INLINE __u8 tg_icmp_mirror(__u8 protocol, __u8 type)
{
    for (int i = 0; i < TG_ICMP_PAIR_COUNT; i++) {
        if (tg_icmp_pairs[i].protocol != protocol)
            continue;
        if (tg_icmp_pairs[i].request == type)
            return tg_icmp_pairs[i].reply;
        if (tg_icmp_pairs[i].reply == type)
            return tg_icmp_pairs[i].request;
    }
    return type;
}

/* The tuple that packets of the other direction carry, where nothing is translated. */
TG_INLINE void tg_tuple_mirror(const struct tg_tuple *tuple, struct tg_tuple *mirror)
{
    mirror->src = tuple->dst;
    mirror->dst = tuple->src;
    mirror->protocol = tuple->protocol;
    mirror->family = tuple->family;
    mirror->mapping = 0;
    if (tg_tuple_is_icmp(tuple)) {
        __u16 type_code = tg_host16(tuple->dst_port);
        __u8 type = tg_icmp_mirror(tuple->protocol, (__u8)(type_code >> 8));

        mirror->src_port = tuple->src_port;
        mirror->dst_port = tg_net16((__u16)(type << 8 | (type_code & 0xff)));
        return;
    }
    mirror->src_port = tuple->dst_port;
    mirror->dst_port = tuple->src_port;
}
