/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the agent says of an interface: by its slot, or by the hash if another one has that. */
#pragma once

#include "core/base.h"
#include "path/maps.h"

TG_INLINE struct tg_device *tg_device_of(__u32 ifindex)
{
    __u32 number = ifindex & TG_DEVICE_SLOT_MASK;
    struct tg_device_slot *slot = bpf_map_lookup_elem(&tg_device_slots, &number);

    if (slot && slot->ifindex == ifindex)
        return &slot->device;
    return bpf_map_lookup_elem(&tg_devices, &ifindex);
}
