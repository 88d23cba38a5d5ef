/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Of which interface a frame is: the one whose program sees it, or a VLAN's on top of it. Where the
 * interface that rules name is attached itself, the packet is left to be judged there.
 */
#pragma once

#include "core/packet.h"
#include "core/vlan.h"
#include "path/context.h"
#include "path/device.h"
#include "tidegate/verdict.h"

TG_INLINE bool tg_is_attached(__u32 ifindex)
{
    return tg_attached_as(ifindex).ifindex != 0;
}

/*
 * Whether our program sees what the kernel takes for a packet of this interface: the one of a VLAN
 * interface is judged on the one below, unless it is attached itself.
 */
TG_INLINE bool tg_is_judged(__u32 ifindex)
{
    struct tg_device *device;

    if (tg_is_attached(ifindex))
        return true;
    device = tg_device_of(ifindex);
    return device && device->lower && tg_is_attached(device->lower);
}

/* Whether an attached bridge or bond has this interface, or one it is a port of, as its port. */
__noinline int tg_master_attached(__u32 ifindex)
{
    for (__u32 i = 0; i < TG_LIMIT_MASTERS; i++) {
        struct tg_device *device = tg_device_of(ifindex);

        if (!device || !device->master)
            return false;
        ifindex = device->master;
        if (tg_is_attached(ifindex))
            return true;
    }
    return false;
}

/* Takes the packet for one of the VLAN interface, unless that, or what it is a port of, does. */
TG_INLINE int tg_enter_vlan(struct tg_packet *packet, __u32 ifindex)
{
    if (tg_is_attached(ifindex) || tg_master_attached(ifindex))
        return TG_REASON_UPPER_INTERFACE;
    if (tg_packet_is(packet, TG_PACKET_EGRESS))
        packet->out_ifindex = ifindex;
    else
        packet->in_ifindex = ifindex;
    return TG_REASON_NEXT;
}

/*
 * The VLAN tag of a frame, beside it or in it; l3_offset is then that of what follows. A tag whose
 * id is 0 and that no interface takes says only how urgent the frame is: the kernel delivers it
 * like one without, so it is judged like one. Nobody puts another tag behind such a one.
 */
__noinline int tg_parse_tag(tg_ctx *ctx, struct tg_packet *packet)
{
    struct tg_vlan_tag tag = {};
    __be16 type = 0;
    __u32 *ifindex;
    __u64 key;
    int reason;

    if (!packet)
        return TG_REASON_NO_SCRATCH;
    if (packet->l3_offset != TG_ETHERNET_HEADER)
        return TG_REASON_VLAN_TAGGED;
    if (!tg_ctx_tag(ctx, &tag)) {
        if (!tg_ctx_load(ctx, TG_ETHERNET_HEADER - (__u32)sizeof(type), &tag, sizeof(tag)))
            return TG_REASON_VLAN_TAGGED;
        packet->l3_offset = TG_ETHERNET_HEADER + sizeof(tag);
    }
    if (!tg_ctx_load(ctx, packet->l3_offset - (__u32)sizeof(type), &type, sizeof(type)))
        return TG_REASON_VLAN_TAGGED;
    packet->flags |= TG_PACKET_TAGGED;
    packet->vlan_priority = tg_priority_of_tag(&tag);
    packet->ethertype = type;
    key = tg_vlan_key(packet->hook_ifindex, tg_vlan_of_tag(&tag));
    ifindex = bpf_map_lookup_elem(&tg_vlans, &key);
    if (!ifindex) {
        if (key & TG_VLAN_ID)
            return TG_REASON_VLAN_TAGGED;
        return tg_is_tag(type) ? TG_REASON_MALFORMED : TG_REASON_NEXT;
    }
    reason = tg_enter_vlan(packet, *ifindex);
    if (reason)
        return reason;
    return tg_is_tag(type) ? TG_REASON_VLAN_TAGGED : TG_REASON_NEXT;
}

/* Whether a VLAN's interface takes the packet, and not the one its program is attached to. */
TG_INLINE bool tg_of_vlan(const struct tg_packet *packet)
{
    return (tg_packet_is(packet, TG_PACKET_EGRESS) ? packet->out_ifindex : packet->in_ifindex) !=
           packet->hook_ifindex;
}

/* Whether a unicast frame is to the address of the VLAN's interface, which may have its own. */
TG_INLINE bool tg_to_vlan(tg_ctx *ctx, const struct tg_packet *packet)
{
    struct tg_device *device;
    __u8 mac[6] = {};

    if (!tg_of_vlan(packet) || tg_packet_is(packet, TG_PACKET_EGRESS))
        return false;
    device = tg_device_of(packet->in_ifindex);
    return device && tg_ctx_load(ctx, 0, mac, sizeof(mac)) &&
           __builtin_memcmp(mac, device->mac, sizeof(mac)) == 0;
}

/* The link header: whose frame it is, and the EtherType of what it carries. */
TG_INLINE int tg_parse_link(tg_ctx *ctx, struct tg_packet *packet)
{
    struct tg_device *device = tg_device_of(packet->hook_ifindex);
    struct tg_vlan_tag tag = {};
    int reason;

    packet->ethertype = tg_ctx_protocol(ctx);
    if (tg_is_tag(packet->ethertype) || tg_ctx_tag(ctx, &tag)) {
        reason = tg_parse_tag(ctx, packet);
        if (reason)
            return reason;
    }
    if (packet->ethertype != tg_net16(TG_ETHERTYPE_IPV4) &&
        packet->ethertype != tg_net16(TG_ETHERTYPE_IPV6))
        return TG_REASON_NOT_IP;
    /* The kernel gives a frame to the VLAN's interface before it gives it to a bridge or bond. */
    if (device && device->master && !tg_of_vlan(packet) && tg_master_attached(packet->hook_ifindex))
        return TG_REASON_UPPER_INTERFACE;
    if (tg_ctx_other_host(ctx, device) && !tg_to_vlan(ctx, packet))
        return TG_REASON_OTHER_HOST;
    return TG_REASON_NEXT;
}
