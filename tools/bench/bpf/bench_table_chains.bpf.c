// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Candidate (d): an array of chain heads and a slab of records. A connection is in one chain, found
// by either direction since the hash is the same for both; a translated one is in a second, that
// of its answers' tuple.
#include "table_slab.h"

#define TABLE_WALK 16
#define TABLE_MORE (1ull << 63)

/*
 * A head: bits 0-31 the first link (0: empty), 32-62 the tag of its hash, 63: others follow.
 * A link: id << 1 | which of the record's memberships this chain is.
 */
struct table_heads_map {
    __uint(type, BPF_MAP_TYPE_ARRAY);
#ifdef TABLE_SMALL
    __uint(max_entries, TABLE_SMALL_HEADS);
#else
    __uint(map_flags, BPF_F_INNER_MAP | BPF_F_MMAPABLE);
    __uint(max_entries, 1);
#endif
    __type(key, __u32);
    __type(value, __u64);
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 1);
    __type(key, __u32);
    __array(values, struct table_heads_map);
} table_heads SEC(".maps");

TG_INLINE __u64 *table_head(__u64 hash)
{
#ifdef TABLE_SMALL
    __u32 all = (__u32)((hash & 0xffffffff) * table_sizes.heads >> 32);
    __u32 part = all / TABLE_SMALL_HEADS, place = all % TABLE_SMALL_HEADS;
#else
    __u32 part = 0, place = (__u32)hash & (table_sizes.heads - 1);
#endif
    void *heads = bpf_map_lookup_elem(&table_heads, &part);

    return heads ? bpf_map_lookup_elem(heads, &place) : NULL;
}

/* All that share a head share a stripe. */
TG_INLINE struct table_lock *table_head_stripe(__u64 hash)
{
#ifdef TABLE_SMALL
    return table_stripe((__u32)((hash & 0xffffffff) * table_sizes.heads >> 32));
#else
    return table_stripe((__u32)hash);
#endif
}

TG_INLINE __u32 table_tag(__u64 hash)
{
    return (__u32)(hash >> 33);
}

TG_INLINE __u64 table_head_of(__u32 link, __u32 hash, __u32 next)
{
    return link | (__u64)hash << 32 | (next ? TABLE_MORE : 0);
}

/* What is looked for: both forms of one tuple. */
struct table_sought {
    struct tg_tuple tuple;
    struct table_key key;
    __u64 hash;
    bool low_sends;
};

TG_INLINE void table_seek(const struct tg_tuple *tuple, struct table_sought *sought)
{
    sought->tuple = *tuple;
    table_tuple_key(tuple, &sought->key);
    sought->hash = table_hash_both(tuple);
    sought->low_sends =
        tg_addr_equal(&sought->key.low, &tuple->src) && sought->key.low_port == tuple->src_port;
}

TG_INLINE bool table_translated(const struct table_record *record)
{
    return tg_word_flags(record->word) & (TG_CONN_FLAG_SRCNAT | TG_CONN_FLAG_DSTNAT);
}

/* Whether the record, as a member of this chain, has the tuple; which direction that is. */
TG_INLINE bool table_matches(const struct table_record *record, __u32 which,
                             const struct table_sought *sought, bool *reply)
{
    const __u64 *x = (const void *)&record->key, *y = (const void *)&sought->key;

    if (which) {
        *reply = true;
        return table_tuple_is(&record->reply, &sought->tuple);
    }
    if ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]))
        return false;
    *reply = record->low_opened != sought->low_sends;
    return !*reply || !table_translated(record);
}

/* The link of the record that has the tuple, and the record. */
TG_INLINE __u32 table_walk(__u64 head, const struct table_sought *sought,
                           struct table_record **found, bool *reply)
{
    bool likely = ((__u32)(head >> 32) & 0x7fffffff) == table_tag(sought->hash);
    __u32 link = (__u32)head;

    if (!likely && !(head & TABLE_MORE))
        return 0;
    for (int i = 0; link && i < TABLE_WALK; i++) {
        struct table_record *record = table_record(link >> 1);

        if (!record)
            return 0;
        if ((i || likely) && table_matches(record, link & 1, sought, reply)) {
            *found = record;
            return link;
        }
        link = record->next[link & 1];
    }
    return 0;
}

static __always_inline bool table_find(const struct tg_tuple *tuple, struct table_use *use)
{
    struct table_record *record = NULL;
    struct table_sought sought;
    bool reply = false;
    __u64 *head;

    table_seek(tuple, &sought);
    head = table_head(sought.hash);
    if (!head || !table_walk(*(volatile __u64 *)head, &sought, &record, &reply) || !record)
        return false;
    table_touch(record, reply, use);
    return true;
}

/* Makes the record the first of the chain, unless another one has the tuple. */
static __noinline bool table_link(__u32 id, __u32 which, const struct tg_tuple *tuple)
{
    struct table_record *record = table_record(id), *other = NULL;
    struct table_sought sought;
    struct table_lock *stripe;
    __u64 *head;

    table_seek(tuple, &sought);
    head = table_head(sought.hash);
    stripe = table_head_stripe(sought.hash);
    which &= 1;
    for (int i = 0; record && head && stripe && i < 4; i++) {
        __u64 before = *(volatile __u64 *)head;
        bool reply, done = false;

        if (table_walk(before, &sought, &other, &reply))
            return false;
        record->hash[which] = table_tag(sought.hash);
        bpf_spin_lock(&stripe->lock);
        if (*(volatile __u64 *)head == before) {
            record->next[which] = (__u32)before;
            *(volatile __u64 *)head =
                table_head_of(id << 1 | which, record->hash[which], (__u32)before);
            done = true;
        }
        bpf_spin_unlock(&stripe->lock);
        if (done)
            return true;
    }
    return false;
}

/* Who comes before a link in its chain. */
struct table_before {
    __u32 link; /* 0: the head */
    struct table_record *record;
    struct table_record *next; /* the one after the link, or NULL */
};

TG_INLINE bool table_locate(__u64 head, __u32 link, const struct table_record *record,
                            struct table_before *before)
{
    __u32 at = (__u32)head, next = record->next[link & 1];

    before->link = 0;
    before->record = NULL;
    before->next = next ? table_record(next >> 1) : NULL;
    for (int i = 0; at && i < TABLE_WALK; i++) {
        if (at == link)
            return true;
        before->link = at;
        before->record = table_record(at >> 1);
        if (!before->record)
            return false;
        at = before->record->next[at & 1];
    }
    return false;
}

static __noinline bool table_unlink(__u32 id, __u32 which, const struct tg_tuple *tuple)
{
    __u64 hash = table_hash_both(tuple), *head = table_head(hash);
    struct table_record *record = table_record(id);
    struct table_lock *stripe = table_head_stripe(hash);
    __u32 link = id << 1 | (which & 1);

    for (int i = 0; record && head && stripe && i < 4; i++) {
        __u64 word = *(volatile __u64 *)head;
        struct table_before before;
        bool done = false;
        __u32 next;

        if (!table_locate(word, link, record, &before))
            return false;
        bpf_spin_lock(&stripe->lock);
        next = record->next[link & 1];
        if (*(volatile __u64 *)head != word) {
        } else if (!before.record) {
            __u64 first = before.next ? table_head_of(next, before.next->hash[next & 1],
                                                      before.next->next[next & 1])
                                      : 0;
            *(volatile __u64 *)head = next ? first : 0;
            done = true;
        } else if (before.record->next[before.link & 1] == link) {
            before.record->next[before.link & 1] = next;
            if (before.link == (__u32)word && !next)
                *(volatile __u64 *)head = word & ~TABLE_MORE;
            done = true;
        }
        bpf_spin_unlock(&stripe->lock);
        if (done)
            return true;
    }
    return false;
}

static __always_inline bool table_insert(const struct table_conn *conn, bool nat)
{
    __u32 id = table_take();
    struct table_record *record = table_record(id);

    if (!id || !record)
        return false;
    table_fill(record, conn);
    if (!table_link(id, 0, &record->original)) {
        table_give(id);
        return false;
    }
    if (nat && !table_link(id, 1, &record->reply)) {
        table_unlink(id, 0, &record->original);
        table_give(id);
        return false;
    }
    return true;
}

static __always_inline bool table_delete(const struct tg_tuple *original)
{
    struct table_record *record = NULL;
    struct table_sought sought;
    bool reply = false;
    __u64 *head;
    __u32 id;

    table_seek(original, &sought);
    head = table_head(sought.hash);
    if (!head)
        return false;
    id = table_walk(*(volatile __u64 *)head, &sought, &record, &reply) >> 1;
    if (!id || !record)
        return false;
    if (table_translated(record) && !table_unlink(id, 1, &record->reply))
        return false;
    if (!table_unlink(id, 0, original))
        return false;
    table_give(id);
    return true;
}

#include "table_program.h"
