/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A line of eight slots, each a word: bits 0-31 what it stands for, 32 the direction, 33-47 a
 * generation, 48-63 the mark of its hash, never 0; 0: the slot is free. Scans have no branches:
 * which slot it is cannot be foreseen.
 */
#pragma once

#include "table_base.h"

#define TABLE_SLOTS 8u

struct table_bucket {
    __u64 slots[TABLE_SLOTS];
};

TG_INLINE __u64 table_mark(__u64 hash)
{
    return hash >> 48 | 0x8000;
}

TG_INLINE __u64 table_slot(__u64 hash, bool reply, __u32 generation, __u32 what)
{
    return table_mark(hash) << 48 | (__u64)(generation & 0x7fff) << 33 | (__u64)reply << 32 | what;
}

/* The same number; nothing is known of it any more. */
TG_INLINE __u64 table_opaque(__u64 x)
{
    __asm__ volatile("" : "+r"(x));
    return x;
}

/* All bits set if x is 0, else none; x is below 2^63. */
TG_INLINE __u64 table_none(__u64 x)
{
    return -(table_opaque(x - 1) >> 63);
}

/* `before`, or else the first slot with the mark. */
TG_INLINE __u64 table_pick(const struct table_bucket *bucket, __u64 mark, __u64 before)
{
    for (__u32 i = 0; i < TABLE_SLOTS; i++) {
        __u64 slot = *(volatile const __u64 *)&bucket->slots[i];

        before |= slot & table_none((slot >> 48) ^ mark) & table_none(before >> 32);
    }
    return before;
}

TG_INLINE __u32 table_free_slots(const struct table_bucket *bucket)
{
    __u64 count = 0;

    for (__u32 i = 0; i < TABLE_SLOTS; i++)
        count -= table_none(*(volatile const __u64 *)&bucket->slots[i] >> 32);
    return (__u32)count;
}

/* Where the slot has this content, TABLE_SLOTS: nowhere. */
TG_INLINE __u32 table_slot_with(const struct table_bucket *bucket, __u64 content)
{
    __u32 at = TABLE_SLOTS;

    for (__u32 i = 0; i < TABLE_SLOTS; i++)
        at = *(volatile const __u64 *)&bucket->slots[i] == content ? i : at;
    return at;
}

TG_INLINE bool table_swap(struct table_bucket *bucket, __u32 at, __u64 old, __u64 new)
{
    if (at >= TABLE_SLOTS)
        return false;
    return __sync_val_compare_and_swap(&bucket->slots[at], old, new) == old;
}

/* The two places a hash has among so many. */
TG_INLINE __u32 table_first(__u64 hash, __u32 places)
{
    return (__u32)((hash & 0xffffffff) * places >> 32);
}

TG_INLINE __u32 table_second(__u64 hash, __u32 places)
{
    return (__u32)((hash * TABLE_SEED_A >> 32) * places >> 32);
}
