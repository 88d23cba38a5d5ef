/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writing the next frame of a run: the whole frame each time, since its memory is used again. */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "traffic.h"

#define BENCH_INLINE static inline __attribute__((always_inline))

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct bench_traffic);
} bench_traffic SEC(".maps");

BENCH_INLINE struct bench_traffic *bench_run(void)
{
    __u32 zero = 0;

    return bpf_map_lookup_elem(&bench_traffic, &zero);
}

BENCH_INLINE __u16 bench_fold(__u32 sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (__u16)~sum;
}

BENCH_INLINE __u32 bench_halves(__be32 address)
{
    return (address & 0xffff) + (address >> 16);
}

/* The number of the next flow; one CPU runs at a time. */
BENCH_INLINE __u32 bench_next(struct bench_traffic *run)
{
    __u32 flow = run->next, next = flow + run->step;

    run->next = next >= run->flows ? next - run->flows : next;
    run->sent++;
    return flow;
}

/* False: the frame is not as long as it should be. */
BENCH_INLINE bool bench_write(struct bench_traffic *run, void *data, void *end)
{
    __u32 flow = bench_next(run);
    /* Odd factors scatter and let no two flows become one. */
    __be32 client = bpf_htonl(run->client | (flow * 40503u & run->client_mask));
    __be32 server = bpf_htonl(run->server | (flow * 25717u & run->server_mask));
    __be16 client_port = bpf_htons((__u16)(run->client_port + (flow >> 16)));
    __be16 server_port = bpf_htons(run->server_port);
    __u32 ends = bench_halves(client) + bench_halves(server);
    bool reply = run->from_server;

    if (data + BENCH_FRAME > end)
        return false;
    __builtin_memcpy(data, run->frame, BENCH_FRAME);
    *(__be32 *)(data + BENCH_SRC) = reply ? server : client;
    *(__be32 *)(data + BENCH_DST) = reply ? client : server;
    *(__be16 *)(data + BENCH_SRC_PORT) = reply ? server_port : client_port;
    *(__be16 *)(data + BENCH_DST_PORT) = reply ? client_port : server_port;
    *(__u16 *)(data + BENCH_IP_CHECKSUM) = bench_fold(run->ip_sum + ends);
    /* UDP (40) or TCP (50): a constant offset each, as the verifier wants it. */
    if (run->l4_checksum == 40)
        *(__u16 *)(data + 40) = bench_fold(run->l4_sum + ends + client_port + server_port);
    else
        *(__u16 *)(data + 50) = bench_fold(run->l4_sum + ends + client_port + server_port);
    return true;
}
