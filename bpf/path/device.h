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

/* As the loader says; NULL: another one has the slot, or none. */
TG_INLINE const struct tg_attached_slot *tg_attached_slot_of(__u32 ifindex)
{
    __u32 number = ifindex & TG_DEVICE_SLOT_MASK;
    struct tg_attached_slot *slot = bpf_map_lookup_elem(&tg_attached_slots, &number);

    return slot && slot->ifindex == ifindex ? slot : NULL;
}

TG_INLINE bool tg_is_attached(__u32 ifindex)
{
    return tg_attached_slot_of(ifindex) || bpf_map_lookup_elem(&tg_attached, &ifindex);
}

/* What the interface takes of what XDP redirects to it: TG_TARGET_*. */
TG_INLINE __u32 tg_target_of(__u32 ifindex)
{
    const struct tg_attached_slot *slot = tg_attached_slot_of(ifindex);
    struct tg_attached *attached;

    if (slot)
        return slot->xdp_target;
    attached = bpf_map_lookup_elem(&tg_attached, &ifindex);
    return attached ? attached->xdp_target : 0;
}

/* Bytes before the IP header of what an attached interface carries. */
TG_INLINE __u16 tg_link_header_of(__u32 ifindex)
{
    const struct tg_attached_slot *slot = tg_attached_slot_of(ifindex);
    struct tg_attached *attached;

    if (slot)
        return slot->link_header;
    attached = bpf_map_lookup_elem(&tg_attached, &ifindex);
    return attached ? attached->link_header : TG_ETHERNET_HEADER;
}
