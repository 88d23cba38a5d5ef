/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The slot of the packet in hand: one for each CPU and each object. */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "core/packet.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct tg_packet);
} tg_scratch SEC(".maps");

/*
 * Programs of one hook do not interrupt each other on a CPU (soft interrupts are off while they
 * run), and ingress and egress are different objects with different slots.
 */
TG_INLINE struct tg_packet *tg_packet_slot(void)
{
    __u32 zero = 0;

    return bpf_map_lookup_elem(&tg_scratch, &zero);
}
