// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Candidate (a): an index of buckets, two choices for a tuple, and a slab of records. A connection
// has two entries, one for the tuple of each direction.
#include "table_bucket.h"
#include "table_slab.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct table_bucket);
} table_buckets SEC(".maps");

/* Both buckets of a hash. */
struct table_choice {
    struct table_bucket *a;
    struct table_bucket *b;
};

TG_INLINE bool table_choose(__u64 hash, struct table_choice *choice)
{
    __u32 a = table_first(hash, table_sizes.buckets);
    __u32 b = table_second(hash, table_sizes.buckets);

    choice->a = bpf_map_lookup_elem(&table_buckets, &a);
    choice->b = bpf_map_lookup_elem(&table_buckets, &b);
    return choice->a && choice->b;
}

TG_INLINE bool table_is(const struct table_record *record, __u64 slot, const struct tg_tuple *tuple)
{
    return table_tuple_is(slot >> 32 & 1 ? &record->reply : &record->original, tuple);
}

/* When two slots have the mark: looks at all. */
static __noinline __u64 table_search(const struct tg_tuple *tuple, __u64 hash)
{
    struct table_choice choice;

    if (!table_choose(hash, &choice))
        return 0;
    for (__u32 i = 0; i < 2 * TABLE_SLOTS; i++) {
        const struct table_bucket *bucket = i < TABLE_SLOTS ? choice.a : choice.b;
        __u64 slot = *(volatile const __u64 *)&bucket->slots[i % TABLE_SLOTS];
        struct table_record *record;

        if (slot >> 48 != table_mark(hash) || !slot)
            continue;
        record = table_record((__u32)slot);
        if (record && table_is(record, slot, tuple))
            return slot;
    }
    return 0;
}

/* The slot's content and the record of a tuple; 0: there is none. */
TG_INLINE __u64 table_get(const struct tg_tuple *tuple, __u64 hash, struct table_record **found)
{
    struct table_choice choice;
    struct table_record *record;
    __u64 slot;

    if (!table_choose(hash, &choice))
        return 0;
    slot = table_pick(choice.b, table_mark(hash), table_pick(choice.a, table_mark(hash), 0));
    if (!slot)
        return 0;
    record = table_record((__u32)slot);
    if (record && !table_is(record, slot, tuple)) {
        slot = table_search(tuple, hash);
        record = table_record((__u32)slot);
    }
    *found = record;
    return record ? slot : 0;
}

static __always_inline bool table_find(const struct tg_tuple *tuple, struct table_use *use)
{
    struct table_record *record = NULL;
    __u64 slot = table_get(tuple, table_hash(tuple), &record);

    if (!slot || !record)
        return false;
    table_touch(record, slot >> 32 & 1, use);
    return true;
}

/* An entry for the tuple, unless there is one. */
static __noinline bool table_enter(const struct tg_tuple *tuple, __u32 id, __u32 generation,
                                   bool reply)
{
    __u64 hash = table_hash(tuple), entry = table_slot(hash, reply, generation, id);
    struct table_lock *stripe = table_stripe((__u32)(hash >> 32));
    struct table_record *record = NULL;
    struct table_choice choice;

    if (!stripe || !table_choose(hash, &choice))
        return false;
    for (int i = 0; i < 4; i++) {
        __u64 before =
            table_pick(choice.b, table_mark(hash), table_pick(choice.a, table_mark(hash), 0));
        struct table_bucket *bucket;
        bool done = false;
        __u32 at;

        if (before && table_get(tuple, hash, &record))
            return false;
        bucket = table_free_slots(choice.a) >= table_free_slots(choice.b) ? choice.a : choice.b;
        at = table_slot_with(bucket, 0);
        bpf_spin_lock(&stripe->lock);
        if (table_pick(choice.b, table_mark(hash), table_pick(choice.a, table_mark(hash), 0)) ==
            before)
            done = table_swap(bucket, at, 0, entry);
        bpf_spin_unlock(&stripe->lock);
        if (done)
            return true;
    }
    return false;
}

/* The entry is this connection's and no other's: its generation is in it. */
static __noinline bool table_leave(const struct tg_tuple *tuple, __u64 slot)
{
    struct table_choice choice;
    __u32 at;

    if (!table_choose(table_hash(tuple), &choice))
        return false;
    at = table_slot_with(choice.a, slot);
    if (at < TABLE_SLOTS)
        return table_swap(choice.a, at, slot, 0);
    return table_swap(choice.b, table_slot_with(choice.b, slot), slot, 0);
}

static __always_inline bool table_insert(const struct table_conn *conn, bool nat)
{
    __u32 id = table_take(), generation = tg_word_generation(conn->conn.word);
    struct table_record *record = table_record(id);

    if (!id || !record)
        return false;
    table_fill(record, conn);
    if (!table_enter(&record->original, id, generation, false)) {
        table_give(id);
        return false;
    }
    if (!table_enter(&record->reply, id, generation, true)) {
        table_leave(&record->original,
                    table_slot(table_hash(&record->original), false, generation, id));
        table_give(id);
        return false;
    }
    return true;
}

static __always_inline bool table_delete(const struct tg_tuple *original)
{
    __u64 hash = table_hash(original), slot;
    struct table_record *record = NULL;

    slot = table_get(original, hash, &record);
    if (!slot || !record)
        return false;
    if (!table_leave(&record->reply, table_slot(table_hash(&record->reply), true,
                                                tg_word_generation(record->word), (__u32)slot)) ||
        !table_leave(original, slot))
        return false;
    table_give((__u32)slot);
    return true;
}

#include "table_program.h"
