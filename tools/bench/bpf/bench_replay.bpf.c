// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Runs the programs of an instance over and over by BPF_PROG_TEST_RUN. A run changes its frame
// (TTL, addresses, metadata), so `replay_*` writes a fresh one of the next flow before each and
// tail-calls the program measured. What is measured in its place to know the cost of that: the
// empty ones.
#include <stdbool.h>

#include "frame.h"

#define BENCH_AF_INET 2

struct bench_targets {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
};

/* A program array takes programs of one kind only. */
struct bench_targets bench_xdp_target SEC(".maps");
struct bench_targets bench_tc_target SEC(".maps");

SEC("xdp.frags")
int replay_xdp(struct xdp_md *ctx)
{
    struct bench_traffic *run = bench_run();
    long metadata = (long)ctx->data - (long)ctx->data_meta;

    if (metadata && bpf_xdp_adjust_meta(ctx, (int)metadata))
        return XDP_ABORTED;
    if (!run || !bench_write(run, (void *)(long)ctx->data, (void *)(long)ctx->data_end))
        return XDP_ABORTED;
    bpf_tail_call(ctx, &bench_xdp_target, 0);
    return XDP_ABORTED;
}

SEC("tc")
int replay_tc(struct __sk_buff *ctx)
{
    struct bench_traffic *run = bench_run();

    if (!run || !bench_write(run, (void *)(long)ctx->data, (void *)(long)ctx->data_end))
        return -2;
    ctx->tc_index = 0;
    bpf_tail_call(ctx, &bench_tc_target, 0);
    return -2;
}

SEC("xdp.frags")
int empty_xdp(struct xdp_md *ctx)
{
    return XDP_DROP;
}

SEC("tc")
int empty_tc(struct __sk_buff *ctx)
{
    return 2;
}

/* bpf_fib_lookup alone. */
SEC("xdp.frags")
int fib_xdp(struct xdp_md *ctx)
{
    __u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct bpf_fib_lookup fib = {.family = BENCH_AF_INET, .ifindex = ctx->ingress_ifindex};

    if (data + BENCH_FRAME > end)
        return XDP_ABORTED;
    fib.ipv4_src = *(__be32 *)(data + BENCH_SRC);
    fib.ipv4_dst = *(__be32 *)(data + BENCH_DST);
    return bpf_fib_lookup(ctx, &fib, sizeof(fib), 0) ? XDP_ABORTED : XDP_DROP;
}

char bench_license[] SEC("license") = "Dual BSD/GPL";
