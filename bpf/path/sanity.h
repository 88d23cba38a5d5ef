/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage sanity: what no rule should have to think of. Martians go, ND and DHCP answers come in. */
#pragma once

#include "core/expiry.h"
#include "core/sanity.h"
#include "path/bank.h"
#include "path/device.h"
#include "path/store.h"

/* How long after its last request a DHCP client still counts as one, in seconds. */
#define TG_DHCP_CLIENT_SECONDS 86400u

/* Whether a DHCP client works on the interface: it has sent a request, or has no address yet. */
TG_INLINE bool tg_dhcp_client(const struct tg_packet *packet)
{
    __u32 ifindex = packet->hook_ifindex;
    struct tg_attached *attached = bpf_map_lookup_elem(&tg_attached, &ifindex);
    struct tg_device *device = tg_device_of(packet->in_ifindex);

    if (device && device->flags & TG_DEVICE_NO_IPV4)
        return true;
    return attached && attached->dhcp_request &&
           !tg_overdue(packet->now, attached->dhcp_request, TG_DHCP_CLIENT_SECONDS,
                       tg_ticks_per_second());
}

TG_INLINE int tg_stage_sanity(struct tg_packet *packet)
{
    if (!packet)
        return TG_REASON_NO_SCRATCH;
    if (tg_group_address(&packet->tuple))
        packet->flags |= TG_PACKET_GROUP;
    if (tg_neighbour_discovery(packet) &&
        tg_bank_settings(packet->bank)->accept_neighbour_discovery)
        return TG_REASON_NEIGHBOUR_DISCOVERY;
    if (tg_packet_is(packet, TG_PACKET_EGRESS)) {
        if (tg_dhcp_request(packet))
            tg_store_dhcp_request(packet->hook_ifindex, packet->now);
        return TG_REASON_NEXT;
    }
    if (tg_martian_source(&packet->tuple, tg_packet_is(packet, TG_PACKET_GROUP)))
        return TG_REASON_MARTIAN_SOURCE;
    if (tg_dhcp_answer(packet) && tg_bank_settings(packet->bank)->accept_dhcp_client &&
        tg_dhcp_client(packet))
        return TG_REASON_DHCP_CLIENT;
    return TG_REASON_NEXT;
}
