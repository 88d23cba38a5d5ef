/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writing the connection table: a record is hung into a chain, taken out, moved to another index.
 * One lock, the stripe of the hash, covers a head in every index, and all that hangs behind it.
 * No function may be called under it: what is needed is looked up before and compared again then.
 */
#pragma once

#include "path/index.h"

#define TG_LINK_TRIES   8
#define TG_UNLINK_TRIES 16

TG_INLINE struct bpf_spin_lock *tg_stripe(__u64 hash)
{
    __u32 number = tg_stripe_number(hash);
    struct tg_lock *stripe = bpf_map_lookup_elem(&tg_stripes, &number);

    return stripe ? &stripe->lock : NULL;
}

/* The heads of one hash as they were when looked at. */
struct tg_heads {
    __u64 indexes;
    __u32 index; /* the one in force */
    __u32 left;  /* the other one; the same, if there is none */
    __u64 *head; /* never NULL after tg_heads_see returned true */
    __u64 *left_head;
    __u64 seen;
    __u64 left_seen;
};

TG_INLINE bool tg_heads_see(struct tg_shape *shape, __u64 hash, struct tg_heads *heads)
{
    heads->indexes = *(volatile __u64 *)&shape->indexes;
    heads->index = heads->indexes & TG_SHAPE_IN_FORCE;
    heads->left = heads->indexes & TG_SHAPE_MOVING ? !heads->index : heads->index;
    heads->left_head = tg_head(heads->indexes, heads->left, hash);
    heads->head = tg_head(heads->indexes, heads->index, hash);
    if (!heads->head || !heads->left_head)
        return false;
    heads->left_seen = __sync_fetch_and_add(heads->left_head, 0);
    heads->seen = *(volatile __u64 *)heads->head;
    return true;
}

/* Called with the stripe's lock: nothing was added, nor the first one taken, since they were seen.
 */
#define tg_heads_unchanged(shape, heads)                                                           \
    (*(volatile __u64 *)&(shape)->indexes == (heads)->indexes &&                                   \
     *(volatile __u64 *)(heads)->head == (heads)->seen &&                                          \
     *(volatile __u64 *)(heads)->left_head == (heads)->left_seen)

/* Where the tuple of this direction hangs, and its hash. */
TG_INLINE __u64 tg_record_hash(const struct tg_conn *conn, __u32 direction, __u64 seed)
{
    return tg_tuple_hash(direction == TG_REPLY ? &conn->reply : &conn->original, seed);
}

enum tg_linked {
    TG_LINKED,
    TG_LINK_EXISTS,
    TG_LINK_NO_PLACE, /* the chain is full, or there is no index */
    TG_LINK_AGAIN,    /* the chain has changed meanwhile */
};

__noinline int tg_link_once(__u32 id, __u32 direction)
{
    struct tg_shape *shape = tg_shape_now();
    struct tg_conn *conn = tg_record(id);
    __u32 reference = tg_reference(id, direction);
    struct bpf_spin_lock *stripe;
    struct tg_heads heads = {};
    const struct tg_tuple *tuple;
    __u64 hash, found = 0;
    bool unchanged;

    if (!shape || !conn)
        return TG_LINK_NO_PLACE;
    tuple = direction == TG_REPLY ? &conn->reply : &conn->original;
    hash = tg_tuple_hash(tuple, shape->seed);
    stripe = tg_stripe(hash);
    if (!stripe || !tg_heads_see(shape, hash, &heads))
        return TG_LINK_NO_PLACE;
    /* If it hangs there by its other tuple already, it is in nobody's way but its own. */
    if (!tg_head_excludes(heads.seen, hash))
        found = tg_search_on(tuple, (__u32)heads.seen, heads.index, id);
    if (!found && heads.left != heads.index && !tg_head_excludes(heads.left_seen, hash))
        found = tg_search_on(tuple, (__u32)heads.left_seen, heads.left, id);
    if (found)
        return found & TG_SEARCH_FULL ? TG_LINK_NO_PLACE : TG_LINK_EXISTS;
    *tg_next(conn, reference, heads.index) = (__u32)heads.seen;
    bpf_spin_lock(stripe);
    unchanged = tg_heads_unchanged(shape, &heads);
    if (unchanged)
        __sync_lock_test_and_set(heads.head, tg_head_value(reference, hash, heads.seen != 0));
    bpf_spin_unlock(stripe);
    return unchanged ? TG_LINKED : TG_LINK_AGAIN;
}

/*
 * Hangs a record nobody sees yet into a chain, by its tuple of this direction. 0; -TG_EEXIST:
 * there is one with this tuple; -TG_ENOSPC: there is no place for it, or other CPUs were faster
 * again and again.
 */
TG_INLINE int tg_link(__u32 id, __u32 direction)
{
    int linked = TG_LINK_AGAIN;

    for (__u32 i = 0; i < TG_LINK_TRIES && linked == TG_LINK_AGAIN; i++)
        linked = tg_link_once(id, direction);
    return linked == TG_LINKED ? 0 : linked == TG_LINK_EXISTS ? -TG_EEXIST : -TG_ENOSPC;
}

/* A search for the record before the one referred to. */
struct tg_before {
    __u32 at;
    __u32 reference;
    __u32 index;
    __u32 found;
};

static long tg_before_step(__u32 step, struct tg_before *before)
{
    struct tg_conn *conn = before->at ? tg_referred(before->at) : NULL;
    __u32 next;

    if (!conn)
        return 1;
    next = *(volatile __u32 *)tg_next(conn, before->at, before->index);
    if (next == before->reference) {
        before->found = 1;
        return 1;
    }
    before->at = next & TG_REFERENCE_MASK;
    return 0;
}

/* The next of the record before the one referred to; NULL: it is not in this chain. */
TG_INLINE __u32 *tg_link_before(__u64 head, __u32 reference, __u32 index)
{
    struct tg_before before = {.at = (__u32)head, .reference = reference, .index = index};
    struct tg_conn *conn;

    bpf_loop(TG_LIMIT_CHAIN, tg_before_step, &before, 0);
    conn = before.found ? tg_referred(before.at) : NULL;
    return conn ? tg_next(conn, before.at, index) : NULL;
}

enum tg_unlinked {
    TG_UNLINKED,
    TG_UNLINK_ABSENT, /* it does not hang in this index */
    TG_UNLINK_AGAIN,  /* the chain has changed meanwhile */
};

/* Takes a record out of its chain in one index. Its own next still leads readers on. */
TG_INLINE enum tg_unlinked tg_unlink_from(__u64 *head, __u32 index, struct tg_conn *conn,
                                          __u32 reference, struct bpf_spin_lock *stripe)
{
    __u64 seen = __sync_fetch_and_add(head, 0);
    __u32 *own = tg_next(conn, reference, index), *before = NULL;
    bool done = false;

    if ((__u32)seen != reference) {
        before = tg_link_before(seen, reference, index);
        if (!before)
            return TG_UNLINK_ABSENT;
    }
    bpf_spin_lock(stripe);
    if (before) {
        done = *before == reference;
        if (done)
            *(volatile __u32 *)before = *own;
    } else {
        done = *(volatile __u64 *)head == seen;
        if (done)
            *(volatile __u64 *)head = *own ? *own | TG_HEAD_MORE : 0;
    }
    if (done)
        *(volatile __u32 *)own = *own | TG_REFERENCE_UNLINKED;
    bpf_spin_unlock(stripe);
    return done ? TG_UNLINKED : TG_UNLINK_AGAIN;
}

/* … in the index it hangs in. */
__noinline int tg_unlink_once(__u32 id, __u32 direction)
{
    struct tg_shape *shape = tg_shape_now();
    struct tg_conn *conn = tg_record(id);
    __u32 reference = tg_reference(id, direction);
    enum tg_unlinked done = TG_UNLINK_ABSENT;
    struct bpf_spin_lock *stripe;
    struct tg_heads heads = {};
    __u64 hash;

    if (!shape || !conn)
        return TG_UNLINK_AGAIN;
    hash = tg_record_hash(conn, direction, shape->seed);
    stripe = tg_stripe(hash);
    if (!stripe || !tg_heads_see(shape, hash, &heads))
        return TG_UNLINK_AGAIN;
    if (heads.left != heads.index)
        done = tg_unlink_from(heads.left_head, heads.left, conn, reference, stripe);
    if (done == TG_UNLINK_ABSENT)
        done = tg_unlink_from(heads.head, heads.index, conn, reference, stripe);
    return done;
}

/* Takes a record out of the chain it hangs in by this tuple; false: try again later. */
TG_INLINE bool tg_unlink(__u32 id, __u32 direction)
{
    int done = TG_UNLINK_AGAIN;

    for (__u32 i = 0; i < TG_UNLINK_TRIES && done != TG_UNLINKED; i++)
        done = tg_unlink_once(id, direction);
    return done == TG_UNLINKED;
}
