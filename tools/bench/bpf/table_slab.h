/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Records of 256 bytes in chunks, and who has which: a record that is free waits in its chunk's
 * queue, longest free first. The last one of a queue is never taken, so no queue is ever empty.
 */
#pragma once

#include "table_base.h"

#ifdef TABLE_SMALL
#define TABLE_RECORDS TABLE_SMALL_CHUNK
#define TABLE_FLAGS   0
#else
#define TABLE_RECORDS TABLE_CHUNK
#define TABLE_FLAGS   BPF_F_MMAPABLE /* which also begins the records on a page */
#endif

struct table_chunk {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, TABLE_FLAGS);
    __uint(max_entries, TABLE_RECORDS);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct table_record));
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 1);
    __type(key, __u32);
    __array(values, struct table_chunk);
} table_slab SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct table_queue);
} table_queues SEC(".maps");

__u32 table_chunk_number; /* where the next record is looked for */

TG_INLINE struct table_record *table_record(__u32 id)
{
    __u32 chunk = id / TABLE_RECORDS, place = id % TABLE_RECORDS;
    void *records = bpf_map_lookup_elem(&table_slab, &chunk);

    return records ? bpf_map_lookup_elem(records, &place) : NULL;
}

/* A free record's id from this chunk, 0: it has none. */
static __noinline __u32 table_take_from(__u32 chunk)
{
    struct table_queue *queue = bpf_map_lookup_elem(&table_queues, &chunk);

    for (int i = 0; queue && i < 4; i++) {
        __u32 id = queue->first, taken = queue->taken, next;
        struct table_record *record = table_record(id);
        bool done = false;

        if (id == queue->last || !record)
            return 0;
        next = record->next[0];
        bpf_spin_lock(&queue->lock);
        if (queue->first == id && queue->taken == taken) {
            queue->first = next;
            queue->taken = taken + 1;
            done = true;
        }
        bpf_spin_unlock(&queue->lock);
        if (done)
            return id;
    }
    return 0;
}

static long table_take_next(__u32 i, __u32 *id)
{
    __u32 chunk = table_chunk_number + 1 < table_sizes.chunks ? table_chunk_number + 1 : 0;

    table_chunk_number = chunk;
    *id = table_take_from(chunk);
    return *id != 0;
}

/* Chunks are tried from the one that had a record last. */
TG_INLINE __u32 table_take(void)
{
    __u32 id = table_take_from(table_chunk_number);

    if (!id)
        bpf_loop(table_sizes.chunks, table_take_next, &id, 0);
    return id;
}

static __noinline void table_give(__u32 id)
{
    __u32 chunk = id / TABLE_RECORDS;
    struct table_queue *queue = bpf_map_lookup_elem(&table_queues, &chunk);

    for (int i = 0; queue && i < 4; i++) {
        __u32 last = queue->last;
        struct table_record *record = table_record(last);
        bool done = false;

        if (!record)
            return;
        bpf_spin_lock(&queue->lock);
        if (queue->last == last) {
            record->next[0] = id;
            queue->last = id;
            done = true;
        }
        bpf_spin_unlock(&queue->lock);
        if (done)
            return;
    }
}

TG_INLINE void table_fill(struct table_record *record, const struct table_conn *from)
{
    const struct table_hash_conn *conn = &from->conn;

    table_tuple_key(&conn->original, &record->key);
    record->word = conn->word;
    record->last_seen = conn->last_seen;
    record->counters[0] = conn->counters[0];
    record->counters[1] = conn->counters[1];
    record->created = conn->created;
    record->mark = conn->mark;
    record->low_opened = tg_addr_equal(&record->key.low, &conn->original.src) &&
                         record->key.low_port == conn->original.src_port;
    record->reply = conn->reply;
    record->original = conn->original;
    __builtin_memcpy(record->windows, from->windows, sizeof(record->windows));
}

TG_INLINE void table_touch(struct table_record *record, bool reply, struct table_use *use)
{
    use->word = &record->word;
    use->last_seen = &record->last_seen;
    use->counter = reply ? &record->counters[TG_REPLY] : &record->counters[TG_ORIGINAL];
}
