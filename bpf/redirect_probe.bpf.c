// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Whether an interface takes frames by XDP redirect: one program sends some to it, the other hears
// from the kernel what became of them. Loaded by the loader while it attaches, never pinned.
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "path/net_device.h"
#include "tidegate/control.h"

#define TG_LOOPBACK 1 /* ifindex of lo in every network namespace */

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct tg_redirect_probe);
} tg_redirect_probe SEC(".maps");

static struct tg_redirect_probe *tg_probe(void)
{
    __u32 zero = 0;

    return bpf_map_lookup_elem(&tg_redirect_probe, &zero);
}

SEC("xdp")
int redirect_probe(struct xdp_md *ctx)
{
    struct tg_redirect_probe *probe = tg_probe();

    return probe ? (int)bpf_redirect(probe->ifindex, 0) : XDP_DROP;
}

/*
 * Whether frames that came in by `from` are the probe's own and not traffic, which goes to the
 * interface all the time if it is tried again: only a test run's come from the loopback interface,
 * which has no driver that redirects, and every bundle is sent before its CPU begins another's. A
 * test run of somebody else to the same interface would count too; the worst is that TC sends there
 * until the interface is attached again.
 */
static bool tg_own(const struct net_device *from, __u32 netns)
{
    return from->ifindex == TG_LOOPBACK && from->nd_net.net->ns.inum == netns;
}

SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(redirect_heard, const struct net_device *from, const struct net_device *to, int sent,
             int drops, int error)
{
    struct tg_redirect_probe *probe = tg_probe();

    if (!probe || to->ifindex != (int)probe->ifindex || !tg_own(from, probe->netns))
        return 0;
    if (sent > 0)
        __sync_fetch_and_add(&probe->sent, sent);
    if (drops > 0)
        __sync_fetch_and_add(&probe->lost, drops);
    return 0;
}

char tg_license[] SEC("license") = "GPL";
