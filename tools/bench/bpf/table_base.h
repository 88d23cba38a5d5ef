/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the candidates share: the functions each has, hashes, lock stripes. */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "core/tuple_ops.h"
#include "table.h"

/* What a packet touches of its connection. */
struct table_use {
    __u64 *word;
    __u64 *last_seen;
    struct tg_counter *counter; /* of the packet's direction */
};

const volatile struct table_sizes table_sizes = {};

/*
 * Each candidate has these. True: found, inserted (with both tuples where `nat`), removed.
 *
 * static bool table_find(const struct tg_tuple *tuple, struct table_use *use);
 * static bool table_insert(const struct table_conn *conn, bool nat);
 * static bool table_delete(const struct tg_tuple *original);
 */

#define TABLE_SEED_A 0x9e3779b97f4a7c15ull
#define TABLE_SEED_B 0xc2b2ae3d27d4eb4full
#define TABLE_SEED_C 0x165667b19e3779f9ull

TG_INLINE __u64 table_finish(__u64 hash)
{
    hash = (hash ^ (hash >> 32)) * TABLE_SEED_B;
    hash = (hash ^ (hash >> 29)) * TABLE_SEED_C;
    return hash ^ (hash >> 32);
}

/* The varying bytes of an IPv4 address are the last ones: a multiplication has to spread them. */
TG_INLINE __u64 table_endpoint(const struct tg_addr *address, __be16 port)
{
    __u64 hash = ((__u64)address->halves[0] ^ TABLE_SEED_C) * TABLE_SEED_A;
    __u64 half = (__u64)address->halves[1];

    hash ^= hash >> 32 ^ (half << 32 | half >> 32) ^ port * TABLE_SEED_C;
    hash *= TABLE_SEED_B;
    return (hash ^ hash >> 32) * TABLE_SEED_A;
}

/* Of a tuple as it stands on the wire. */
TG_INLINE __u64 table_hash(const struct tg_tuple *tuple)
{
    return table_finish(table_endpoint(&tuple->src, tuple->src_port) * 3 +
                        table_endpoint(&tuple->dst, tuple->dst_port) + tuple->protocol);
}

/* The same for a tuple and its mirror. */
TG_INLINE __u64 table_hash_both(const struct tg_tuple *tuple)
{
    __be16 dst_port = tg_tuple_is_icmp(tuple) ? tuple->src_port : tuple->dst_port;

    return table_finish(table_endpoint(&tuple->src, tuple->src_port) +
                        table_endpoint(&tuple->dst, dst_port) + tuple->protocol);
}

TG_INLINE bool table_tuple_is(const struct tg_tuple *a, const struct tg_tuple *b)
{
    const __u64 *x = (const void *)a, *y = (const void *)b;

    return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]));
}

struct table_lock {
    struct bpf_spin_lock lock;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, TABLE_STRIPES);
    __type(key, __u32);
    __type(value, struct table_lock);
} table_locks SEC(".maps");

TG_INLINE struct table_lock *table_stripe(__u32 number)
{
    number &= TABLE_STRIPES - 1;
    return bpf_map_lookup_elem(&table_locks, &number);
}
