// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Candidate (c): two entries a connection in one table of buckets, each with its direction's tuple
// and counters; the state word is in the entry of the original direction. No record elsewhere.
#include "table_bucket.h"

#define TABLE_ENTRIES 7u /* of a bucket; the eighth slot's line is the slots themselves */
#define TABLE_TRIES   4
#define TABLE_NOWHERE 0xffffffffu

struct table_entry {
    struct tg_tuple tuple;
    __u64 word;      /* original direction only */
    __u64 last_seen; /* likewise */
    struct tg_counter counter;
    struct tg_tuple other; /* of the other direction: what translation makes of this one */
    __u32 original;        /* place of the original direction's entry */
    __u32 reply;
    __u64 created;
};

struct table_inline {
    struct table_bucket index;
    struct table_entry entries[TABLE_ENTRIES];
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct table_inline);
} table_buckets SEC(".maps");

TG_ASSERT(sizeof(struct table_entry) == 128, "entry layout");
TG_ASSERT(sizeof(struct table_inline) == TABLE_INLINE_BUCKET, "bucket layout");

/* A place: bucket * 8 + slot. */
TG_INLINE struct table_entry *table_entry(__u32 place)
{
    __u32 number = place / 8, slot = place % 8;
    struct table_inline *bucket = bpf_map_lookup_elem(&table_buckets, &number);

    if (!bucket)
        return NULL;
    slot = tg_opaque(slot);
    return slot < TABLE_ENTRIES ? &bucket->entries[slot] : NULL;
}

/* Tries both buckets slot by slot: entries are beside the slots, so this is what a find costs. */
TG_INLINE __u32 table_place(const struct tg_tuple *tuple, __u64 hash, struct table_entry **found)
{
    __u64 mark = table_mark(hash);

    for (int i = 0; i < 2; i++) {
        __u32 number =
            i ? table_second(hash, table_sizes.buckets) : table_first(hash, table_sizes.buckets);
        struct table_inline *bucket = bpf_map_lookup_elem(&table_buckets, &number);

        if (!bucket)
            return TABLE_NOWHERE;
        if (!table_pick(&bucket->index, mark, 0))
            continue;
        for (__u32 slot = 0; slot < TABLE_ENTRIES; slot++) {
            if (bucket->index.slots[slot] >> 48 == mark &&
                table_tuple_is(&bucket->entries[slot].tuple, tuple)) {
                *found = &bucket->entries[slot];
                return number * 8 + slot;
            }
        }
    }
    return TABLE_NOWHERE;
}

static __always_inline bool table_find(const struct tg_tuple *tuple, struct table_use *use)
{
    struct table_entry *entry = NULL, *original;
    __u32 place = table_place(tuple, table_hash(tuple), &entry);

    if (place == TABLE_NOWHERE || !entry)
        return false;
    use->counter = &entry->counter;
    original = entry->original == place ? entry : table_entry(entry->original);
    if (!original)
        return false;
    use->word = &original->word;
    use->last_seen = &original->last_seen;
    return true;
}

/* Takes a slot for a tuple nobody has; its entry is not valid yet. */
static __noinline __u32 table_claim(const struct tg_tuple *tuple, __u32 generation)
{
    __u64 hash = table_hash(tuple), claimed = (__u64)(generation & 0x7fff) << 33 | 1;
    __u32 numbers[2] = {table_first(hash, table_sizes.buckets),
                        table_second(hash, table_sizes.buckets)};
    struct table_inline *a = bpf_map_lookup_elem(&table_buckets, &numbers[0]);
    struct table_inline *b = bpf_map_lookup_elem(&table_buckets, &numbers[1]);
    struct table_lock *stripe = table_stripe((__u32)(hash >> 32));
    struct table_entry *entry = NULL;

    for (int i = 0; a && b && stripe && i < TABLE_TRIES; i++) {
        __u64 mark = table_mark(hash);
        __u64 before = table_pick(&b->index, mark, table_pick(&a->index, mark, 0));
        bool first = table_free_slots(&a->index) >= table_free_slots(&b->index), done = false;
        struct table_inline *bucket = first ? a : b;
        __u32 at;

        if (before && table_place(tuple, hash, &entry) != TABLE_NOWHERE)
            return TABLE_NOWHERE;
        at = table_slot_with(&bucket->index, 0);
        bpf_spin_lock(&stripe->lock);
        if (table_pick(&b->index, mark, table_pick(&a->index, mark, 0)) == before)
            done = table_swap(&bucket->index, at, 0, claimed);
        bpf_spin_unlock(&stripe->lock);
        if (done)
            return numbers[first ? 0 : 1] * 8 + at;
    }
    return TABLE_NOWHERE;
}

/* Makes the slot of a place say whose it is, or nobody's. */
TG_INLINE bool table_publish(__u32 place, __u64 content)
{
    __u32 number = place / 8;
    struct table_inline *bucket = bpf_map_lookup_elem(&table_buckets, &number);

    if (!bucket)
        return false;
    *(volatile __u64 *)&bucket->index.slots[place % 8] = content;
    return true;
}

TG_INLINE bool table_enter(__u32 place, const struct table_conn *conn, bool reply, __u32 original,
                           __u32 other)
{
    struct table_entry *entry = table_entry(place);
    __u32 generation = tg_word_generation(conn->conn.word);

    if (!entry)
        return false;
    entry->tuple = reply ? conn->conn.reply : conn->conn.original;
    entry->other = reply ? conn->conn.original : conn->conn.reply;
    entry->word = conn->conn.word;
    entry->last_seen = conn->conn.last_seen;
    entry->counter = conn->conn.counters[reply];
    entry->original = original;
    entry->reply = other;
    entry->created = conn->conn.created;
    return table_publish(place, table_slot(table_hash(&entry->tuple), reply, generation, 1));
}

static __always_inline bool table_insert(const struct table_conn *conn, bool nat)
{
    __u32 generation = tg_word_generation(conn->conn.word);
    __u32 original = table_claim(&conn->conn.original, generation), reply;

    if (original == TABLE_NOWHERE)
        return false;
    reply = table_claim(&conn->conn.reply, generation);
    if (reply == TABLE_NOWHERE) {
        table_publish(original, 0);
        return false;
    }
    return table_enter(original, conn, false, original, reply) &&
           table_enter(reply, conn, true, original, reply);
}

static __always_inline bool table_delete(const struct tg_tuple *original)
{
    struct table_entry *entry = NULL;
    __u32 place = table_place(original, table_hash(original), &entry);

    if (place == TABLE_NOWHERE || !entry)
        return false;
    return table_publish(entry->reply, 0) && table_publish(place, 0);
}

#include "table_program.h"
