/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs of every candidate. `table_do_*` work on many connections in one run, and which one
 * is next depends on what was read of the one before, so that no two misses overlap. `table_device`
 * forwards like the stateless devices, after it has found and counted the packet's connection.
 */
#pragma once

#include <bpf/bpf_endian.h>

#include "frame.h"
#include "table_base.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct table_run);
} table_run SEC(".maps");

struct table_conn table_new; /* for one CPU */
__u32 table_generation;

/* A run in progress. */
struct table_course {
    struct table_run run;
    struct tg_tuple tuple; /* of `flow` */
    __u32 flow;
};

TG_INLINE void table_address(struct tg_addr *address, __u32 host, __u32 family)
{
    if (family == TG_FAMILY_IPV4) {
        *address = tg_addr_v4(bpf_htonl(host));
        return;
    }
    address->halves[0] = bpf_cpu_to_be64(0x20010db800000000ull | (host >> 8));
    address->halves[1] = bpf_cpu_to_be64(host * TABLE_SEED_A);
}

/* Goes on to the next flow and makes its tuple, in the direction of the run. */
TG_INLINE void table_next(struct table_course *course, __u64 dependent)
{
    struct table_run *run = &course->run;
    __u32 flow = run->next + (__u32)dependent, next = flow + run->step;
    struct tg_tuple *tuple = &course->tuple;
    __u32 client = run->client | (flow * 40503u & run->client_mask);
    __u32 server = run->server | (flow * 25717u & run->server_mask);
    __be16 client_port = bpf_htons((__u16)(run->client_port + (flow >> 16)));
    __be16 server_port = bpf_htons(run->server_port);

    course->flow = flow;
    run->next = next >= run->flows ? next - run->flows : next;
    table_address(&tuple->src, run->from_server ? server : client, run->family);
    table_address(&tuple->dst, run->from_server ? client : server, run->family);
    tuple->src_port = run->from_server ? server_port : client_port;
    tuple->dst_port = run->from_server ? client_port : server_port;
    tuple->protocol = (__u8)run->protocol;
    tuple->family = (__u8)run->family;
    tuple->mapping = 0;
}

/* No word has this bit, which only we know. */
TG_INLINE __u64 table_dependent(const __u64 *word)
{
    return *(volatile const __u64 *)word >> 63;
}

static long table_base_one(__u32 i, struct table_course *course)
{
    table_next(course, tg_opaque(0));
    course->run.good++;
    return 0;
}

static long table_find_one(__u32 i, struct table_course *course)
{
    struct table_use use;

    if (!table_find(&course->tuple, &use)) {
        table_next(course, 0);
        return 0;
    }
    course->run.good++;
    __sync_fetch_and_add(&use.counter->packets, 1);
    __sync_fetch_and_add(&use.counter->bytes, 46);
    table_next(course, table_dependent(use.word) + table_dependent(use.last_seen));
    return 0;
}

static long table_insert_one(__u32 i, struct table_course *course)
{
    struct table_run *run = &course->run;
    struct table_hash_conn *conn = &table_new.conn;
    bool nat = run->nat != 0;

    conn->word = tg_word_make(++table_generation & 0x7fffffff, 1, 0,
                              TG_CONN_FLAG_CONFIRMED | (nat ? TG_CONN_FLAG_SRCNAT : 0));
    conn->last_seen = conn->created = bpf_jiffies64();
    conn->original = course->tuple;
    tg_tuple_mirror(&conn->original, &conn->reply);
    if (nat) {
        table_address(&conn->reply.dst, run->nat_client, run->family);
        conn->reply.dst_port = bpf_htons((__u16)(run->nat_port + (course->flow >> 16)));
    }
    if (table_insert(&table_new, nat))
        run->good++;
    table_next(course, 0);
    return 0;
}

static long table_delete_one(__u32 i, struct table_course *course)
{
    if (table_delete(&course->tuple))
        course->run.good++;
    table_next(course, 0);
    return 0;
}

#define TABLE_PROGRAM(name)                                                                        \
    SEC("xdp")                                                                                     \
    int table_do_##name(struct xdp_md *ctx)                                                        \
    {                                                                                              \
        __u32 zero = 0;                                                                            \
        struct table_run *run = bpf_map_lookup_elem(&table_run, &zero);                            \
        struct table_course course = {};                                                           \
                                                                                                   \
        if (!run)                                                                                  \
            return XDP_ABORTED;                                                                    \
        course.run = *run;                                                                         \
        table_next(&course, 0);                                                                    \
        bpf_loop(run->operations, table_##name##_one, &course, 0);                                 \
        run->next = course.flow;                                                                   \
        run->good = course.run.good;                                                               \
        return XDP_DROP;                                                                           \
    }

TABLE_PROGRAM(base)
TABLE_PROGRAM(find)
TABLE_PROGRAM(insert)
TABLE_PROGRAM(delete)

SEC("xdp")
int table_device(struct xdp_md *ctx)
{
    __u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct tg_tuple tuple = {};
    struct table_use use;

    if (data + BENCH_FRAME > end || *(__be16 *)(data + 12) != bpf_htons(0x0800) || data[14] != 0x45)
        return XDP_PASS;
    tuple.src = tg_addr_v4(*(__be32 *)(data + BENCH_SRC));
    tuple.dst = tg_addr_v4(*(__be32 *)(data + BENCH_DST));
    tuple.src_port = *(__be16 *)(data + BENCH_SRC_PORT);
    tuple.dst_port = *(__be16 *)(data + BENCH_DST_PORT);
    tuple.protocol = data[23];
    tuple.family = TG_FAMILY_IPV4;
    if (!table_find(&tuple, &use))
        return XDP_PASS;
    __sync_fetch_and_add(&use.counter->packets, 1);
    __sync_fetch_and_add(&use.counter->bytes, 46);
    return (int)bpf_redirect(table_sizes.target, 0);
}

char bench_license[] SEC("license") = "Dual BSD/GPL";
