/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a NAT rule makes of an address and a port, and which ports are tried for one tuple. */
#pragma once

#include "core/parse_l4.h"
#include "core/tuple_hash.h"
#include "tidegate/nat.h"
#include "tidegate/rule.h"

#define TG_PORT_PRIVILEGED 1024u /* below: asked of by servers of old (RFC 6056 3.2) */

/* ICMP queries have their identifier in the place of a port. */
TG_INLINE bool tg_has_identifier(const struct tg_tuple *tuple)
{
    return tg_tuple_is_icmp(tuple) &&
           tg_icmp_role(tuple->protocol, (__u8)(tg_host16(tuple->dst_port) >> 8)) != TG_ICMP_OTHER;
}

/*
 * Whether the packet has a port or identifier that another can take the place of. SCTP has ports,
 * but a checksum over the whole packet that would have to be taken anew.
 */
TG_INLINE bool tg_port_changes(const struct tg_tuple *tuple)
{
    return (tg_has_ports(tuple->protocol) && tuple->protocol != TG_PROTOCOL_SCTP) ||
           tg_has_identifier(tuple);
}

/* Where no rule names ports: as privileged as the one it has (RFC 4787 REQ-3). */
TG_INLINE struct tg_nat_ports tg_nat_ports_like(const struct tg_tuple *tuple)
{
    struct tg_nat_ports ports = {};

    if (!tg_port_changes(tuple))
        return ports;
    if (tg_tuple_is_icmp(tuple)) {
        ports.size = 0x10000;
        return ports;
    }
    if (tg_host16(tuple->src_port) < TG_PORT_PRIVILEGED) {
        ports.low = 1;
        ports.size = TG_PORT_PRIVILEGED - 1;
        return ports;
    }
    ports.low = TG_PORT_PRIVILEGED;
    ports.size = 0x10000 - TG_PORT_PRIVILEGED;
    return ports;
}

TG_INLINE void tg_nat_set_ports(struct tg_nat_ports *ports, const struct tg_port_range *range)
{
    ports->low = range->low;
    ports->size = range->high - range->low + 1u;
}

TG_INLINE bool tg_nat_has_addresses(const struct tg_rule_nat *nat)
{
    return nat->addresses.high.halves[1] || nat->addresses.high.halves[0];
}

TG_INLINE bool tg_nat_has_ports(const struct tg_rule_nat *nat)
{
    return nat->ports.high != 0;
}

/* What a mapping hangs by in the table: the source of packets with this tuple, … */
TG_INLINE void tg_mapping_inner(const struct tg_tuple *tuple, const struct tg_addr *external,
                                struct tg_tuple *inner)
{
    *inner = *tuple;
    inner->dst = *external;
    inner->dst_port = 0;
    inner->mapping = 1;
}

/* … and the destination of packets with this one. */
TG_INLINE void tg_mapping_outer(const struct tg_tuple *tuple, struct tg_tuple *outer)
{
    const struct tg_addr nobody = {};

    *outer = *tuple;
    outer->src = tuple->family == TG_FAMILY_IPV4 ? tg_addr_v4(0) : nobody;
    outer->src_port = 0;
    outer->mapping = 1;
}

/*
 * One address of the rule's, always the same for the same source: its connections look as if they
 * came from one host (RFC 4787 REQ-2), or, if the rule says so, for the same source and
 * destination. Ranges are counted in their lower 32 bits.
 */
TG_INLINE struct tg_addr tg_nat_address(const struct tg_rule_nat *nat, const struct tg_tuple *tuple)
{
    const struct tg_addr_range *range = &nat->addresses;
    __u32 low = tg_host32(range->low.words[3]), high = tg_host32(range->high.words[3]);
    struct tg_addr result = range->low;
    __u64 count = (__u64)(high - low) + 1, hash;

    if (count > 1) {
        hash = tg_endpoint_hash(&tuple->src, 0, 0);
        if (nat->by_both)
            hash = tg_endpoint_hash(&tuple->dst, 0, hash);
        result.words[3] = tg_net32(low + (__u32)((hash >> 32) * count >> 32));
    }
    return result;
}

/* The address of the other net with the same host part; nets are ranges here. */
TG_INLINE struct tg_addr tg_netmap_address(const struct tg_addr_range *range,
                                           const struct tg_addr *address)
{
    struct tg_addr result;

    for (int i = 0; i < 2; i++) {
        __be64 host = range->low.halves[i] ^ range->high.halves[i];

        result.halves[i] = (range->low.halves[i] & ~host) | (address->halves[i] & host);
    }
    return result;
}

/* A destination port within the range: its own if it lies there. */
TG_INLINE __be16 tg_nat_dst_port(const struct tg_port_range *range, __be16 port, __u64 hash)
{
    __u16 own = tg_host16(port);
    __u32 size = range->high - range->low + 1u;

    if (range->low <= own && own <= range->high)
        return port;
    return tg_net16((__u16)(range->low + (__u32)((hash >> 32) * size >> 32)));
}

/*
 * The port that is tried as number `probe` of TG_LIMIT_NAT_PROBES. A range no larger than that is
 * gone through from a place that the hash says. In a larger one the first tries are anywhere, so
 * that nobody can foretell them; the others go on where the last search ended (`cursor`), so that
 * what lies behind is full before a search fails.
 */
TG_INLINE __u16 tg_nat_probe(const struct tg_nat_ports *ports, __u64 hash, __u32 cursor,
                             __u32 probe)
{
    __u32 place;

    if (ports->size <= TG_LIMIT_NAT_PROBES)
        place = (__u32)(hash >> 32) + probe;
    else if (probe < TG_NAT_SCATTERED)
        place = (__u32)(((hash + probe) * TG_HASH_FIRST ^ hash >> 17) * TG_HASH_SECOND >> 32);
    else
        place = cursor + (probe - TG_NAT_SCATTERED);
    return (__u16)(ports->low + place % (ports->size ? ports->size : 1));
}

/* Whether so many probes are worth making. */
TG_INLINE __u32 tg_nat_probes(const struct tg_nat_ports *ports)
{
    return ports->size < TG_LIMIT_NAT_PROBES ? ports->size : TG_LIMIT_NAT_PROBES;
}

/* The port of a reply's receiver, which is what the source is translated to; host order. */
TG_INLINE void tg_nat_set_port(struct tg_tuple *reply, __u16 port)
{
    if (tg_tuple_is_icmp(reply))
        reply->src_port = tg_net16(port);
    else
        reply->dst_port = tg_net16(port);
}

TG_INLINE __u16 tg_nat_port(const struct tg_tuple *reply)
{
    return tg_host16(tg_tuple_is_icmp(reply) ? reply->src_port : reply->dst_port);
}
