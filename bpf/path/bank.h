/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading the bank: every stage of a packet reads the bank whose number the packet carries. */
#pragma once

#include "core/expiry.h"
#include "core/packet.h"
#include "path/maps.h"

/* What holds until the first commit: the tracker's defaults, no rules. */
static const struct tg_bank_header tg_unarmed = {
    .tracking = TG_TRACKING_ON,
    .max_connections = TG_LIMIT_CONNECTIONS_DEFAULT,
    .reserve = TG_LIMIT_RESERVE_MAX,
    .accept_neighbour_discovery = 1,
    .accept_dhcp_client = 1,
    .checksum = 1,
    .early_drop = TG_EARLY_DROP_TCP,
    .timeouts =
        {
#define TG_X(class_, property, seconds) seconds,
            TG_TIMEOUTS(TG_X)
#undef TG_X
        },
};

TG_INLINE const struct tg_layout *tg_layout_now(void)
{
    __u32 zero = 0;

    return bpf_map_lookup_elem(&tg_layout, &zero);
}

TG_INLINE __u32 tg_ticks_per_second(void)
{
    const struct tg_layout *layout = tg_layout_now();

    return layout ? layout->ticks_per_second : 0;
}

/* The number of the bank in force; 0: nothing was committed yet. */
TG_INLINE __u64 tg_bank_in_force(void)
{
    __u32 zero = 0;
    struct tg_control *control = bpf_map_lookup_elem(&tg_control, &zero);

    return control ? *(volatile __u64 *)&control->bank : 0;
}

/* Whether what the agent has written can be relied on: it gives signs of life. */
TG_INLINE bool tg_agent_lives(__u64 now)
{
    __u32 zero = 0;
    struct tg_control *control = bpf_map_lookup_elem(&tg_control, &zero);

    return control && control->heartbeat &&
           !tg_overdue(now, *(volatile __u64 *)&control->heartbeat, TG_LIMIT_SILENCE_SECONDS,
                       tg_ticks_per_second());
}

/* NULL if there is no such element. */
TG_INLINE union tg_bank_element *tg_bank_element(__u64 bank, __u32 number)
{
    __u32 slot = bank & 1;
    void *elements = bpf_map_lookup_elem(&tg_banks, &slot);

    return elements ? bpf_map_lookup_elem(elements, &number) : NULL;
}

TG_INLINE const struct tg_bank_header *tg_bank_settings(__u64 bank)
{
    union tg_bank_element *element = bank ? tg_bank_element(bank, TG_BANK_HEADER) : NULL;

    return element ? &element->header : &tg_unarmed;
}

/* The interface lists of an interface, as a set of bits; `elements` is the bank. */
TG_INLINE __u64 tg_lists_of(void *elements, const struct tg_bank_header *header, __u32 ifindex)
{
    __u32 number = header->device_first + (ifindex & header->device_mask);
    union tg_bank_element *bucket;

    if (!ifindex)
        return 0;
    bucket = bpf_map_lookup_elem(elements, &number);
    if (!bucket)
        return 0;
    for (__u32 i = 0; i < TG_DEVICE_BUCKET; i++)
        if (bucket->devices.slots[i].ifindex == ifindex)
            return bucket->devices.slots[i].lists;
    return 0;
}
