/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage source: whether a packet no connection vouches for can come from where it says. */
#pragma once

#include "core/packet.h"
#include "path/device.h"
#include "path/maps.h"
#include "path/route.h"

/*
 * Reverse path filtering as the host's rp_filter has it (RFC 3704): the source is reached by this
 * interface (strict) or by any (loose). IPv4 only, as in the kernel, and only where it forwards:
 * elsewhere the stack checks for itself.
 */
TG_INLINE bool tg_reverse_path(tg_ctx *ctx, const struct tg_packet *packet, __u32 flags)
{
    struct bpf_fib_lookup fib;
    struct tg_tuple back;
    long answer;

    tg_tuple_mirror(&packet->tuple, &back);
    answer = tg_fib_lookup(ctx, &back, packet->in_ifindex, packet->edits.tos, 0, &fib);
    if (answer < 0 || answer == BPF_FIB_LKUP_RET_FWD_DISABLED)
        return true;
    if (answer != BPF_FIB_LKUP_RET_SUCCESS && answer != BPF_FIB_LKUP_RET_NO_NEIGH &&
        answer != BPF_FIB_LKUP_RET_UNSUPP_LWT && answer != BPF_FIB_LKUP_RET_FRAG_NEEDED)
        return false;
    return !(flags & TG_DEVICE_RP_STRICT) || fib.ifindex == packet->in_ifindex;
}

__noinline int tg_source_check(tg_ctx *ctx, struct tg_packet *packet)
{
    struct tg_device *device;
    struct tg_addr src;
    __u32 rp;

    if (!packet)
        return TG_REASON_NO_SCRATCH;
    /* Linux 6.1 takes no key from the memory that a global function was given. */
    src = packet->tuple.src;
    if (bpf_map_lookup_elem(&tg_addresses, &src))
        return TG_REASON_MARTIAN_SOURCE;
    device = tg_device_of(packet->in_ifindex);
    rp = device ? device->flags & (TG_DEVICE_RP_STRICT | TG_DEVICE_RP_LOOSE) : 0;
    /* The unspecified address asks for one (DHCP). */
    if (!rp || packet->tuple.family != TG_FAMILY_IPV4 || !packet->tuple.src.words[3])
        return TG_REASON_NEXT;
    return tg_reverse_path(ctx, packet, rp) ? TG_REASON_NEXT : TG_REASON_RP_FILTER;
}

TG_INLINE int tg_stage_source(tg_ctx *ctx, struct tg_packet *packet)
{
    if (packet->connection_state == TG_CONNECTION_STATE_ESTABLISHED ||
        packet->connection_state == TG_CONNECTION_STATE_RELATED ||
        tg_packet_is(packet, TG_PACKET_PIECE_KNOWN))
        return TG_REASON_NEXT;
    return tg_source_check(ctx, packet);
}
