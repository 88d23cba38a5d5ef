/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The key and the record of the hash that the product began with: the candidates are measured with
 * them, whatever became of the product's.
 */
#pragma once

#include "core/tuple_ops.h"
#include "tidegate/conn.h"

/* The two endpoints in ascending order, so both directions of a connection find one entry. */
struct table_key {
    struct tg_addr low;
    struct tg_addr high;
    __be16 low_port;
    __be16 high_port;
    __u8 protocol;
    __u8 family;
    __u8 low_asks; /* ICMP: 1 if the lower endpoint sends the requests; otherwise 0 */
    __u8 zero;
};

struct table_hash_conn {
    __u64 word;      /* see above */
    __u64 last_seen; /* when a packet last refreshed it; may lag by min(1 s, timeout/8) */
    __u64 created;
    __u32 mark; /* connection-mark, 0 = no-mark */
    __u32 zero;
    struct tg_tuple original; /* wire tuple of the opening direction */
    struct tg_tuple reply;    /* wire tuple of its answers */
    struct tg_counter counters[TG_DIRECTION_COUNT];
};

/* Whether endpoint (a, a_port) comes before (b, b_port); address and port are ordered together. */
TG_INLINE bool table_endpoint_before(const struct tg_addr *a, __be16 a_port,
                                     const struct tg_addr *b, __be16 b_port)
{
    if (!tg_addr_equal(a, b))
        return tg_addr_not_above(a, b);
    return tg_host16(a_port) <= tg_host16(b_port);
}

/*
 * The table's key of a tuple; the mirror of the tuple has the same key. An echo's identifier is
 * the port of both endpoints, and who asks is part of the key, so that two hosts pinging each
 * other with one identifier are two connections.
 */
TG_INLINE void table_tuple_key(const struct tg_tuple *tuple, struct table_key *key)
{
    bool icmp = tg_tuple_is_icmp(tuple);
    __be16 dst_port = icmp ? tuple->src_port : tuple->dst_port;
    bool in_order = table_endpoint_before(&tuple->src, tuple->src_port, &tuple->dst, dst_port);

    key->low = in_order ? tuple->src : tuple->dst;
    key->high = in_order ? tuple->dst : tuple->src;
    key->low_port = in_order ? tuple->src_port : dst_port;
    key->high_port = in_order ? dst_port : tuple->src_port;
    key->protocol = tuple->protocol;
    key->family = tuple->family;
    key->low_asks = 0;
    key->zero = 0;
    if (icmp) {
        __u8 type = (__u8)(tg_host16(tuple->dst_port) >> 8);
        bool asks = tg_icmp_role(tuple->protocol, type) == TG_ICMP_REQUEST;

        key->low_asks = asks == in_order;
    }
}

/* The direction of a packet with `tuple` in a connection whose opening tuple is `original`. */
TG_INLINE enum tg_direction table_tuple_direction(const struct tg_tuple *tuple,
                                                  const struct tg_tuple *original)
{
    bool same = tg_addr_equal(&tuple->src, &original->src) &&
                tuple->src_port == original->src_port && tuple->dst_port == original->dst_port;

    return same ? TG_ORIGINAL : TG_REPLY;
}
