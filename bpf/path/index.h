/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading the connection table: from a tuple to a head, along the chain behind it to the record.
 * No lock: a chain changes by one store at a time, a record that was taken out of one still leads
 * on, and its id is used again only after a grace period.
 */
#pragma once

#include "core/packet.h"
#include "core/tuple_hash.h"
#include "path/maps.h"

/* Error numbers, as Linux has them. */
#define TG_EEXIST     17
#define TG_ENOSPC     28
#define TG_EBUSY      16
#define TG_EADDRINUSE 98

TG_INLINE struct tg_shape *tg_shape_now(void)
{
    __u32 zero = 0;

    return bpf_map_lookup_elem(&tg_shape, &zero);
}

TG_INLINE __u64 tg_hash_of(const struct tg_tuple *tuple)
{
    struct tg_shape *shape = tg_shape_now();

    return shape ? tg_tuple_hash(tuple, shape->seed) : 0;
}

/* NULL only for an id that was never given out. */
TG_INLINE struct tg_conn *tg_record(__u32 id)
{
    __u32 slab = id / TG_LIMIT_SLAB_RECORDS, number = id % TG_LIMIT_SLAB_RECORDS;
    void *records = bpf_map_lookup_elem(&tg_slabs, &slab);

    return records ? bpf_map_lookup_elem(records, &number) : NULL;
}

TG_INLINE struct tg_conn *tg_referred(__u32 reference)
{
    return tg_record((reference & TG_REFERENCE_MASK) >> 1);
}

/* Where a record keeps the rest of the chain that `reference` to it is part of. */
TG_INLINE __u32 *tg_next(struct tg_conn *conn, __u32 reference, __u32 index)
{
    return (reference & 1) == TG_REPLY ? &conn->reply_next[index & 1]
                                       : &conn->original_next[index & 1];
}

/* NULL while the table has no such index. */
TG_INLINE __u64 *tg_head(__u64 indexes, __u32 index, __u64 hash)
{
    __u32 number = tg_head_number(hash, tg_shape_heads(indexes, index));
    void *heads = bpf_map_lookup_elem(&tg_indexes, &index);

    return heads ? bpf_map_lookup_elem(heads, &number) : NULL;
}

TG_INLINE __u64 tg_head_value(__u32 reference, __u64 hash, bool more)
{
    return (more ? TG_HEAD_MORE : 0) | (hash & TG_HEAD_TAG_MASK) << TG_HEAD_TAG_SHIFT | reference;
}

/* A record that was found, and by which of its tuples. */
struct tg_found {
    struct tg_conn *conn; /* NULL: none */
    __u64 word;           /* of a connection: see tg_conn_find */
    __u32 direction;
};

/* Whether a record has the tuple, and in which direction. */
TG_INLINE bool tg_record_has(const struct tg_conn *conn, const struct tg_tuple *tuple,
                             __u32 *direction)
{
    *direction = tg_tuple_equal(&conn->original, tuple) ? TG_ORIGINAL : TG_REPLY;
    return *direction == TG_ORIGINAL || tg_tuple_equal(&conn->reply, tuple);
}

/* A search along a chain. */
struct tg_search {
    struct tg_tuple tuple; /* looked for; Linux 6.1 follows no pointer kept in such a structure */
    __u32 reference;       /* where it stands; 0: at the end */
    __u32 index;
    __u32 own; /* id of a record that is passed by; 0: none is */
    __u32 direction;
    __u32 found;
    __u32 ended; /* the chain, before the search did */
};

static long tg_search_step(__u32 step, struct tg_search *search)
{
    struct tg_conn *conn = search->reference ? tg_referred(search->reference) : NULL;

    if (!conn) {
        search->ended = 1;
        return 1;
    }
    if ((search->reference & TG_REFERENCE_MASK) >> 1 != search->own &&
        tg_record_has(conn, &search->tuple, &search->direction)) {
        search->found = 1;
        return 1;
    }
    search->reference =
        *(volatile __u32 *)tg_next(conn, search->reference, search->index) & TG_REFERENCE_MASK;
    return 0;
}

#define TG_SEARCH_REPLY (1ull << 32)
#define TG_SEARCH_FULL  (1ull << 33) /* as many records as may be looked at: none can be added */

/*
 * Looks along a chain from this reference on, but for the record with id `own`. Returns the
 * reference to the record found, if any, and TG_SEARCH_*.
 */
__noinline __u64 tg_search_on(const struct tg_tuple *tuple, __u32 reference, __u32 index, __u32 own)
{
    struct tg_search search = {.reference = reference, .index = index, .own = own};

    if (!tuple)
        return 0;
    search.tuple = *tuple;
    bpf_loop(TG_LIMIT_CHAIN, tg_search_step, &search, 0);
    if (!search.found)
        return search.ended ? 0 : TG_SEARCH_FULL;
    return search.reference | (search.direction == TG_REPLY ? TG_SEARCH_REPLY : 0);
}

/* Whether nothing behind this head can have the hash, as far as the head itself tells. */
TG_INLINE bool tg_head_excludes(__u64 head, __u64 hash)
{
    return !(__u32)head ||
           (!(head & TG_HEAD_MORE) && ((head >> TG_HEAD_TAG_SHIFT ^ hash) & TG_HEAD_TAG_MASK) != 0);
}

TG_INLINE struct tg_found tg_found_at(__u64 answer)
{
    struct tg_found found = {
        .conn = (__u32)answer ? tg_referred((__u32)answer) : NULL,
        .direction = answer & TG_SEARCH_REPLY ? TG_REPLY : TG_ORIGINAL,
    };

    return found;
}

/* Looks behind the head for a record that has the tuple in one of its directions. */
TG_INLINE struct tg_found tg_search(__u64 head, __u32 index, const struct tg_tuple *tuple,
                                    __u64 hash)
{
    struct tg_found found = {};
    __u32 reference = (__u32)head;

    if (tg_head_excludes(head, hash))
        return found;
    found.conn = tg_referred(reference);
    if (!found.conn || tg_record_has(found.conn, tuple, &found.direction))
        return found;
    reference = *(volatile __u32 *)tg_next(found.conn, reference, index) & TG_REFERENCE_MASK;
    found.conn = NULL;
    return reference ? tg_found_at(tg_search_on(tuple, reference, index, 0)) : found;
}

/*
 * Looks where a hash leads to before that is needed: memory answers while other work is done.
 * Whatever changes until then is as if the packet had come a moment earlier.
 */
TG_INLINE void tg_index_glance(__u64 hash, struct tg_glance *seen)
{
    struct tg_shape *shape = tg_shape_now();
    __u64 indexes = shape ? *(volatile __u64 *)&shape->indexes : TG_SHAPE_MOVING;
    __u64 *head = NULL;

    if (!(indexes & TG_SHAPE_MOVING))
        head = tg_head(indexes, indexes & TG_SHAPE_IN_FORCE, hash);
    seen->indexes = head ? indexes : 0;
    if (head)
        seen->head = *(volatile __u64 *)head;
}

/*
 * The record with this tuple, whatever its state. What is being moved hangs in the new index
 * before it leaves the old one, so that it is found by whoever looks into the old one first.
 */
TG_INLINE struct tg_found tg_index_find(const struct tg_tuple *tuple, __u64 hash)
{
    struct tg_shape *shape = tg_shape_now();
    struct tg_found found = {};
    __u64 indexes, *head;

    if (!shape)
        return found;
    indexes = *(volatile __u64 *)&shape->indexes;
    if (indexes & TG_SHAPE_MOVING) {
        __u32 left = ~indexes & TG_SHAPE_IN_FORCE;
        __u64 seen;

        head = tg_head(indexes, left, hash);
        /* An atomic read of the old head, so that the new one is not read before it. */
        seen = head ? __sync_fetch_and_add(head, 0) : 0;
        if (!tg_head_excludes(seen, hash))
            found = tg_found_at(tg_search_on(tuple, (__u32)seen, left, 0));
        if (found.conn)
            return found;
    }
    head = tg_head(indexes, indexes & TG_SHAPE_IN_FORCE, hash);
    return head ? tg_search(*(volatile __u64 *)head, indexes & TG_SHAPE_IN_FORCE, tuple, hash)
                : found;
}

/* As tg_index_find, behind what was seen there. */
TG_INLINE struct tg_found tg_index_find_seen(const struct tg_glance *seen,
                                             const struct tg_tuple *tuple, __u64 hash)
{
    __u64 indexes = seen->indexes;

    return indexes ? tg_search(seen->head, indexes & TG_SHAPE_IN_FORCE, tuple, hash)
                   : tg_index_find(tuple, hash);
}
