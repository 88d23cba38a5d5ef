/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From one index to another: what hangs behind a head of the old one goes to the new one. */
#pragma once

#include "path/link.h"

#define TG_MOVE_TRIES 128 /* records of one head, and the times another CPU was faster */

struct tg_moving {
    __u32 number;  /* the head's */
    __u32 emptied; /* 1: nothing hangs there any more */
};

/*
 * Moves the first record behind an old head: it hangs in the new index before it leaves the old
 * one, and readers that stand on it go on in the old chain.
 */
static long tg_move_first(__u32 step, struct tg_moving *moving)
{
    struct tg_shape *shape = tg_shape_now();
    __u64 indexes = shape ? *(volatile __u64 *)&shape->indexes : 0;
    __u32 index = indexes & TG_SHAPE_IN_FORCE, left = !index, reference;
    void *heads = bpf_map_lookup_elem(&tg_indexes, &left);
    __u64 *old = heads ? bpf_map_lookup_elem(heads, &moving->number) : NULL, *head, seen, next_seen;
    struct bpf_spin_lock *stripe;
    struct tg_conn *conn;
    __u64 hash;

    if (!old || !(indexes & TG_SHAPE_MOVING))
        return 1;
    seen = __sync_fetch_and_add(old, 0);
    reference = (__u32)seen;
    moving->emptied = !reference;
    conn = reference ? tg_referred(reference) : NULL;
    if (!conn)
        return 1;
    hash = tg_record_hash(conn, reference & 1, shape->seed);
    head = tg_head(indexes, index, hash);
    stripe = tg_stripe(hash);
    if (!head || !stripe)
        return 1;
    next_seen = __sync_fetch_and_add(head, 0);
    bpf_spin_lock(stripe);
    if (*(volatile __u64 *)old == seen && *(volatile __u64 *)head == next_seen) {
        __u32 *left_next = tg_next(conn, reference, left);

        *(volatile __u32 *)tg_next(conn, reference, index) = (__u32)next_seen;
        __sync_lock_test_and_set(head, tg_head_value(reference, hash, next_seen != 0));
        __sync_lock_test_and_set(old, *left_next ? *left_next | TG_HEAD_MORE : 0);
        *(volatile __u32 *)left_next = *left_next | TG_REFERENCE_UNLINKED;
    }
    bpf_spin_unlock(stripe);
    return 0;
}

struct tg_move_state {
    __u32 first;
    __u32 remaining; /* heads that could not be emptied */
};

static long tg_move_head(__u32 step, struct tg_move_state *state)
{
    struct tg_moving moving = {.number = state->first + step};

    bpf_loop(TG_MOVE_TRIES, tg_move_first, &moving, 0);
    state->remaining += !moving.emptied;
    return 0;
}

TG_INLINE __u32 tg_move(const struct tg_move_range *range)
{
    struct tg_move_state state = {.first = range->first};

    bpf_loop(range->count, tg_move_head, &state, 0);
    return state.remaining;
}
