/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of the connection table: taken and given back, first given first taken. */
#pragma once

#include "path/index.h"

#define TG_TAKE_TRIES 4
/* A record given back less than this ago may still be read by a packet on another CPU. */
#define TG_GRACE_FRACTION 100 /* of a second, and two ticks more */

TG_INLINE struct tg_ring *tg_ring(__u32 slab)
{
    __u32 zero = 0;
    void *ring = bpf_map_lookup_elem(&tg_rings, &slab);

    return ring ? bpf_map_lookup_elem(ring, &zero) : NULL;
}

/* Whether the record that was given back first may be used again; time in the lower 32 bits. */
TG_INLINE bool tg_ring_ready(const struct tg_ring *ring, __u32 now, __u32 grace)
{
    __u32 taken = *(volatile __u32 *)&ring->taken;
    __u64 cell = ring->cells[taken % TG_LIMIT_SLAB_RECORDS];

    return taken != *(volatile __u32 *)&ring->given &&
           now - (__u32)(cell >> TG_RING_TIME_SHIFT) >= grace;
}

/* A search for a slab with a free record, from where the last one ended. */
struct tg_slab_search {
    __u32 now;
    __u32 grace; /* ticks */
    __u32 slab;
    __u32 open;
    __u32 found;
};

static long tg_slab_look(__u32 step, struct tg_slab_search *search)
{
    struct tg_ring *ring = tg_ring(search->slab);

    if (ring && tg_ring_ready(ring, search->now, search->grace)) {
        search->found = 1;
        return 1;
    }
    search->slab = search->slab + 1 < search->open ? search->slab + 1 : 0;
    return 0;
}

/* Takes the next record of a slab; 0: another CPU was faster. */
TG_INLINE __u32 tg_ring_take(const struct tg_slab_search *search)
{
    __u32 slab = search->slab;
    struct tg_ring *ring = tg_ring(slab);
    struct tg_lock *lock = bpf_map_lookup_elem(&tg_slab_locks, &slab);
    __u32 number = 0;
    bool ready;

    if (!ring || !lock)
        return 0;
    bpf_spin_lock(&lock->lock);
    ready = tg_ring_ready(ring, search->now, search->grace);
    if (ready) {
        number = (__u32)ring->cells[ring->taken % TG_LIMIT_SLAB_RECORDS];
        ring->taken++;
    }
    bpf_spin_unlock(&lock->lock);
    return ready ? slab * TG_LIMIT_SLAB_RECORDS + number % TG_LIMIT_SLAB_RECORDS : 0;
}

/* The id of a record nobody else has; 0: there is none. */
__noinline __u32 tg_slab_take(__u64 now, __u32 ticks_per_second)
{
    __u32 zero = 0, id = 0;
    struct tg_shape *shape = tg_shape_now();
    struct tg_table *table = bpf_map_lookup_elem(&tg_table, &zero);
    struct tg_slab_search search = {
        .now = (__u32)now,
        .grace = ticks_per_second / TG_GRACE_FRACTION + 2,
    };

    if (!shape || !table)
        return 0;
    search.open = shape->open;
    search.slab = table->slab < shape->open ? table->slab : 0;
    for (__u32 i = 0; i < TG_TAKE_TRIES && !id; i++) {
        search.found = 0;
        bpf_loop(search.open < TG_LIMIT_SLABS ? search.open : TG_LIMIT_SLABS, tg_slab_look, &search,
                 0);
        if (!search.found)
            return 0;
        id = tg_ring_take(&search);
    }
    if (table->slab != search.slab)
        table->slab = search.slab;
    return id;
}

TG_INLINE void tg_slab_give(__u32 id, __u64 now)
{
    __u32 slab = id / TG_LIMIT_SLAB_RECORDS;
    struct tg_ring *ring = tg_ring(slab);
    struct tg_lock *lock = bpf_map_lookup_elem(&tg_slab_locks, &slab);

    if (!ring || !lock)
        return;
    bpf_spin_lock(&lock->lock);
    ring->cells[ring->given % TG_LIMIT_SLAB_RECORDS] =
        now << TG_RING_TIME_SHIFT | id % TG_LIMIT_SLAB_RECORDS;
    ring->given++;
    bpf_spin_unlock(&lock->lock);
}
