// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What becomes of the frames that XDP has redirected, as the kernel tells it: counts those that
// were lost, and takes an interface that refuses them out of use. Linked and pinned by the loader
// while any interface is in native mode.
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "path/maps.h"
#include "path/net_device.h"

#define TG_ENXIO      6
#define TG_EINVAL     22
#define TG_EOPNOTSUPP 95

/* Number of the instance's network namespace; set by the loader. */
const volatile __u32 tg_netns;

/*
 * Whether the error is the driver's way to say that it takes no such frames, at least not from this
 * CPU: the next ones would be lost too. A full queue or a link that is down is not.
 */
static bool tg_refuses(int error)
{
    return error == -TG_ENXIO || error == -TG_EINVAL || error == -TG_EOPNOTSUPP;
}

/*
 * Frames that came in by `from` and did not leave by `to`. Any CPU may be here: the adds are
 * atomic, and all write the same zero. An attach at the same moment tries the interface and writes
 * its record anew; the worst is that it is used again and the next frames say so here.
 */
static int tg_lost(const struct net_device *from, __u32 to, int frames, int error)
{
    __u32 in = (__u32)from->ifindex;
    __u32 number = to & TG_DEVICE_SLOT_MASK;
    struct tg_attached_slot *slot = bpf_map_lookup_elem(&tg_attached_slots, &number);
    struct tg_attached *attached;

    if (from->nd_net.net->ns.inum != tg_netns)
        return 0;
    attached = bpf_map_lookup_elem(&tg_attached, &in);
    if (!attached || attached->mode != TG_MODE_NATIVE)
        return 0;
    attached = bpf_map_lookup_elem(&tg_attached, &to);
    if (!attached)
        return 0;
    __sync_fetch_and_add(&attached->redirect_lost, (__u64)frames);
    if (tg_refuses(error)) {
        attached->redirect_error = (__u32)-error;
        attached->xdp_target = 0;
        if (slot && slot->ifindex == to)
            slot->xdp_target = 0;
    }
    return 0;
}

/* A bundle of frames was given to a driver. */
SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(redirect_sent, const struct net_device *from, const struct net_device *to, int sent,
             int drops, int error)
{
    return drops > 0 ? tg_lost(from, (__u32)to->ifindex, drops, error) : 0;
}

/* One frame did not get that far; for bpf_redirect `index` is the interface. */
SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(redirect_refused, const struct net_device *from, const void *program, const void *to,
             int error, int map_type, __u32 map, __u32 index)
{
    return map_type == BPF_MAP_TYPE_UNSPEC ? tg_lost(from, index, 1, error) : 0;
}

char tg_license[] SEC("license") = "GPL";
