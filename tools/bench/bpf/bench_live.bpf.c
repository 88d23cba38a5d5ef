// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Frames through real devices: a source run by BPF_PROG_TEST_RUN with live frames, a sink that
// counts, and two stateless devices to compare with.
#include <stdbool.h>

#include "frame.h"

#define BENCH_INTERFACES 4096
#define BENCH_AF_INET    2
#define BENCH_IPV4       0x0800
#define BENCH_TTL        22u

/* What came in by one interface. */
struct bench_arrived {
    __u64 frames;
    __u64 ttl; /* sum of their TTLs: says how many hops they had */
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, BENCH_INTERFACES);
    __type(key, __u32);
    __type(value, struct bench_arrived);
} bench_arrived SEC(".maps");

/* Where `redirect` sends everything. */
const volatile __u32 bench_target = 0;

SEC("xdp")
int source(struct xdp_md *ctx)
{
    struct bench_traffic *run = bench_run();

    if (!run || !bench_write(run, (void *)(long)ctx->data, (void *)(long)ctx->data_end))
        return XDP_DROP;
    return (int)bpf_redirect(run->ifindex, 0);
}

SEC("xdp")
int sink(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    __u32 ifindex = ctx->ingress_ifindex;
    struct bench_arrived *arrived = bpf_map_lookup_elem(&bench_arrived, &ifindex);

    if (!arrived || data + BENCH_SRC > end || *(__be16 *)(data + 12) != bpf_htons(BENCH_IPV4))
        return XDP_DROP;
    __sync_fetch_and_add(&arrived->frames, 1);
    __sync_fetch_and_add(&arrived->ttl, *(__u8 *)(data + BENCH_TTL));
    return XDP_DROP;
}

/* The hard ceiling: a hop without a look at the frame. */
SEC("xdp")
int redirect(struct xdp_md *ctx)
{
    return (int)bpf_redirect(bench_target, 0);
}

/*
 * The yardstick, not to be changed: what a stateless forwarder cannot do without. IPv4 only, no
 * map, no rule. What it cannot forward goes to the stack.
 */
SEC("xdp")
int forward(struct xdp_md *ctx)
{
    __u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct bpf_fib_lookup fib = {.family = BENCH_AF_INET};
    __u32 checksum;

    if (data + 34 > end || *(__be16 *)(data + 12) != bpf_htons(BENCH_IPV4) || data[14] != 0x45 ||
        data[BENCH_TTL] <= 1)
        return XDP_PASS;
    fib.tos = data[15];
    fib.l4_protocol = data[23];
    fib.tot_len = bpf_ntohs(*(__be16 *)(data + 16));
    fib.ipv4_src = *(__be32 *)(data + BENCH_SRC);
    fib.ipv4_dst = *(__be32 *)(data + BENCH_DST);
    fib.ifindex = ctx->ingress_ifindex;
    if (bpf_fib_lookup(ctx, &fib, sizeof(fib), 0) != BPF_FIB_LKUP_RET_SUCCESS)
        return XDP_PASS;
    data[BENCH_TTL]--;
    checksum = *(__u16 *)(data + BENCH_IP_CHECKSUM) + (__u32)bpf_htons(0x0100);
    *(__u16 *)(data + BENCH_IP_CHECKSUM) = (__u16)(checksum + (checksum >= 0xffff));
    __builtin_memcpy(data, fib.dmac, 6);
    __builtin_memcpy(data + 6, fib.smac, 6);
    return (int)bpf_redirect(fib.ifindex, 0);
}

char bench_license[] SEC("license") = "Dual BSD/GPL";
