/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The stores as `explain` has them: each records what would be written, and writes nothing else. */
#pragma once

#include "core/packet.h"
#include "core/rate.h"
#include "core/tcp_view.h"
#include "path/context.h"
#include "path/maps.h"
#include "tidegate/explain.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct tg_record);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_explained SEC(".maps");

TG_INLINE struct tg_record *tg_recorded(void)
{
    __u32 zero = 0;

    return bpf_map_lookup_elem(&tg_explained, &zero);
}

TG_INLINE void tg_store_count_reason(__u32 reason, __u64 packets, __u64 bytes)
{
    struct tg_record *record = tg_recorded();

    if (record)
        record->reason = reason;
}

TG_INLINE void tg_store_count_stack(__u32 ifindex, __u64 packets) {}

TG_INLINE void tg_store_count_handed(__u32 ifindex, __u64 packets) {}

TG_INLINE void tg_store_count_rule(__u32 id, __u64 packets, __u64 bytes)
{
    struct tg_record *record = tg_recorded();

    if (record && id < TG_LIMIT_RULES && record->rule_count < TG_RECORD_RULES)
        record->rules[record->rule_count++] = id;
}

TG_INLINE void tg_store_count_conn(struct tg_conn *conn, __u8 direction, __u64 packets, __u64 bytes)
{
}

TG_INLINE bool tg_store_word(struct tg_conn *conn, __u64 old, __u64 new_word)
{
    struct tg_record *record = tg_recorded();

    if (record)
        record->word = new_word;
    return true;
}

TG_INLINE void tg_store_mark(struct tg_conn *conn, __u32 mark)
{
    struct tg_record *record = tg_recorded();

    if (record) {
        record->marked = 1;
        record->mark = mark;
    }
}

TG_INLINE void tg_store_mappings_seen(const struct tg_conn *conn, __u64 now) {}

TG_INLINE void tg_store_last_seen(struct tg_conn *conn, __u64 now) {}

TG_INLINE void tg_store_tcp_plain(struct tg_conn *conn, const struct tg_tcp_view *view) {}

TG_INLINE void tg_store_tcp(struct tg_conn *conn, const struct tg_tcp_view *view, __u32 word) {}

TG_INLINE void tg_store_throughput(struct tg_conn *conn, __u64 now, __u32 ticks_per_second) {}

TG_INLINE int tg_store_insert(const struct tg_conn *pending, __u32 ticks_per_second)
{
    struct tg_record *record = tg_recorded();

    if (record) {
        record->conn = *pending;
        record->inserted = 1;
    }
    return 0;
}

TG_INLINE bool tg_store_delete(struct tg_conn *conn, __u64 now)
{
    struct tg_record *record = tg_recorded();

    if (record) {
        record->deleted++;
        record->gone = conn->id;
    }
    return true;
}

/* Whether the packet would have removed it, or it counts as gone. */
TG_INLINE bool tg_store_is_gone(const struct tg_conn *conn)
{
    struct tg_record *record = tg_recorded();

    return record && record->deleted && record->gone == conn->id;
}

/* The number of connections as the packet would find it, with all that it has changed so far. */
TG_INLINE __u64 tg_store_connections(__u8 family, __s64 change)
{
    __u32 zero = 0;
    struct tg_table *table = bpf_map_lookup_elem(&tg_table, &zero);
    struct tg_record *record = tg_recorded();
    __u64 connections;

    if (!table || !record)
        return 0;
    connections = table->connections + (__s64)record->counted;
    record->counted += (__s32)change;
    return connections;
}

TG_INLINE void tg_store_handed_over(__u32 from, __u32 to) {}

TG_INLINE __u32 tg_store_generation(void)
{
    return 0;
}

TG_INLINE __u16 tg_store_numbers(__u32 count)
{
    return 0;
}

TG_INLINE bool tg_store_unsourced(const struct tg_unsourced *key, const struct tg_source *source)
{
    return true;
}

TG_INLINE void tg_store_cursor(__u32 *cursor, __u32 next) {}

TG_INLINE void tg_store_reclaimed(__u32 next) {}

TG_INLINE void tg_store_early_drop(void) {}

TG_INLINE void tg_store_fragment(const struct tg_fragment_key *key,
                                 const struct tg_fragment *fragment)
{
}

TG_INLINE __u64 tg_store_came(__u64 *word, __u64 mask)
{
    return *word;
}

TG_INLINE void tg_store_covered(struct tg_fragment *fragment, __u32 units, __u32 end, bool last) {}

TG_INLINE void tg_store_overlap(struct tg_fragment *fragment) {}

/* Whether the ring has a place, if nobody is faster. */
TG_INLINE bool tg_store_piece(tg_ctx *ctx, const struct tg_packet *packet,
                              const struct tg_fragment_key *key)
{
    return bpf_ringbuf_query(&tg_pieces, BPF_RB_AVAIL_DATA) + TG_PIECE_RECORD < TG_LIMIT_RING;
}

TG_INLINE void tg_store_dhcp_request(__u32 ifindex, __u64 now) {}

/* Whether the bucket has a token, if nobody is faster. */
TG_INLINE bool tg_store_take(__u32 bucket, __u64 now, __u64 interval, __u32 burst)
{
    __u64 *word = bpf_map_lookup_elem(&tg_rates, &bucket);
    __u64 taken = word ? *(volatile __u64 *)word : 0;

    return word && tg_rate_take(&taken, now, interval, burst);
}

TG_INLINE void tg_store_count_tally(__u32 tally, __u64 packets, __u64 bytes) {}

TG_INLINE void tg_store_log(tg_ctx *ctx, const struct tg_packet *packet, __u32 rule) {}

TG_INLINE void tg_store_count_answer(__u32 answer, __u64 packets, __u64 bytes) {}
