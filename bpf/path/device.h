/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is known of an interface: by its slot, or by the hash if another one has that. */
#pragma once

#include "core/base.h"
#include "core/headers.h"
#include "path/maps.h"

/* As the agent says. */
TG_INLINE struct tg_device *tg_device_of(__u32 ifindex)
{
    __u32 number = ifindex & TG_DEVICE_SLOT_MASK;
    struct tg_device_slot *slot = bpf_map_lookup_elem(&tg_device_slots, &number);

    if (slot && slot->ifindex == ifindex)
        return &slot->device;
    return bpf_map_lookup_elem(&tg_devices, &ifindex);
}

/* As the loader says; ifindex 0: it is not attached. */
TG_INLINE struct tg_attached_slot tg_attached_as(__u32 ifindex)
{
    __u32 number = ifindex & TG_DEVICE_SLOT_MASK;
    struct tg_attached_slot *slot = bpf_map_lookup_elem(&tg_attached_slots, &number);
    struct tg_attached_slot found = {.link_header = TG_ETHERNET_HEADER};
    struct tg_attached *attached;

    if (slot && slot->ifindex == ifindex)
        return *slot;
    attached = bpf_map_lookup_elem(&tg_attached, &ifindex);
    if (attached) {
        found.ifindex = ifindex;
        found.link_header = attached->link_header;
        found.xdp_target = attached->xdp_target;
    }
    return found;
}
