/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The hash of a tuple: the same for both directions, unpredictable without the seed. */
#pragma once

#include "core/tuple_ops.h"

/* Odd numbers with bits as irregular as those of the golden ratio and of the square roots. */
#define TG_HASH_FIRST  0x9e3779b97f4a7c15ull
#define TG_HASH_SECOND 0xb504f333f9de6485ull
#define TG_HASH_THIRD  0xddb3d742c265539dull

/* Of one end: address and port belong together. */
TG_INLINE __u64 tg_endpoint_hash(const struct tg_addr *address, __be16 port, __u64 seed)
{
    __u64 hash = (address->halves[0] ^ seed ^ (__u64)port << 48) * TG_HASH_FIRST;

    hash = (hash ^ hash >> 32 ^ address->halves[1]) * TG_HASH_SECOND;
    hash = (hash ^ hash >> 29) * TG_HASH_THIRD;
    return hash ^ hash >> 32;
}

/*
 * A sum does not tell which end comes first, so a tuple and its mirror have one hash. Echo
 * messages have their identifier as the port of both ends.
 */
TG_INLINE __u64 tg_tuple_hash(const struct tg_tuple *tuple, __u64 seed)
{
    __be16 dst_port = tg_tuple_is_icmp(tuple) ? tuple->src_port : tuple->dst_port;
    __u64 hash = tg_endpoint_hash(&tuple->src, tuple->src_port, seed) +
                 tg_endpoint_hash(&tuple->dst, dst_port, seed) + tuple->protocol;

    hash = (hash ^ hash >> 32) * TG_HASH_FIRST;
    return hash ^ hash >> 29;
}

TG_INLINE bool tg_tuple_equal(const struct tg_tuple *a, const struct tg_tuple *b)
{
    const __u64 *x = (const __u64 *)(const void *)a, *y = (const __u64 *)(const void *)b;

    return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4])) == 0;
}
