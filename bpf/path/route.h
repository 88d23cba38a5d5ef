/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage route: for the router itself, or out by which interface; TTL and size. */
#pragma once

#include "core/packet.h"
#include "core/parse_l4.h"
#include "core/sanity.h"
#include "core/tuple_ops.h"
#include "path/bank.h"
#include "path/context.h"
#include "path/device.h"
#include "path/sanity.h"

/* BPF_FIB_LOOKUP_MARK of Linux 6.10: the mark stands where the answer has link addresses. */
#define TG_FIB_MARK (1u << 5)

#define TG_EINVAL 22 /* an older kernel does not know that flag */

/* A question to the kernel's routing tables about a packet with this tuple. `mark` 0: none. */
TG_INLINE void tg_fib_question(const struct tg_tuple *tuple, __u32 ifindex, __u8 tos, __u16 size,
                               __u32 mark, struct bpf_fib_lookup *fib)
{
    __builtin_memset(fib, 0, sizeof(*fib));
    fib->l4_protocol = tuple->protocol;
    if (tg_has_ports(tuple->protocol)) {
        fib->sport = tuple->src_port;
        fib->dport = tuple->dst_port;
    }
    fib->tot_len = size;
    fib->ifindex = ifindex;
    if (tuple->family == TG_FAMILY_IPV4) {
        fib->family = TG_AF_INET;
        fib->tos = tos & 0xfc; /* without the ECN bits */
        fib->ipv4_src = tuple->src.words[3];
        fib->ipv4_dst = tuple->dst.words[3];
    } else {
        fib->family = TG_AF_INET6;
        fib->flowinfo = tg_net32((__u32)(tos & 0xfc) << 20);
        __builtin_memcpy(fib->ipv6_src, &tuple->src, sizeof(tuple->src));
        __builtin_memcpy(fib->ipv6_dst, &tuple->dst, sizeof(tuple->dst));
    }
    if (mark)
        __builtin_memcpy(fib->smac, &mark, sizeof(mark));
}

/* … that comes in by an interface. `size` 0: do not compare with the path's MTU. */
TG_INLINE long tg_fib_lookup_marked(tg_ctx *ctx, const struct tg_tuple *tuple, __u32 in_ifindex,
                                    __u8 tos, __u16 size, __u32 mark, struct bpf_fib_lookup *fib)
{
    tg_fib_question(tuple, in_ifindex, tos, size, mark, fib);
    return bpf_fib_lookup(ctx, fib, sizeof(*fib), mark ? TG_FIB_MARK : 0);
}

TG_INLINE long tg_fib_lookup(tg_ctx *ctx, const struct tg_tuple *tuple, __u32 in_ifindex, __u8 tos,
                             __u16 size, struct bpf_fib_lookup *fib)
{
    return tg_fib_lookup_marked(ctx, tuple, in_ifindex, tos, size, 0, fib);
}

/* The interface and the next hop that a lookup has found. */
TG_INLINE void tg_route_found(struct tg_packet *packet, const struct bpf_fib_lookup *fib)
{
    packet->out_ifindex = fib->ifindex;
    packet->next_hop_family = fib->family;
    if (fib->family == TG_AF_INET)
        packet->next_hop = tg_addr_v4(fib->ipv4_dst);
    else
        __builtin_memcpy(&packet->next_hop, fib->ipv6_dst, sizeof(packet->next_hop));
    __builtin_memcpy(packet->out_dst_mac, fib->dmac, sizeof(packet->out_dst_mac));
    __builtin_memcpy(packet->out_src_mac, fib->smac, sizeof(packet->out_src_mac));
}

TG_INLINE int tg_route_router(struct tg_packet *packet)
{
    packet->flags |= TG_PACKET_ROUTER_BOUND;
    return TG_REASON_NEXT;
}

/*
 * Whether the kernel's "not to be forwarded" means that no route leads there: it says the same of
 * the host's own addresses, of which only the agent knows all. In doubt the packet is the host's,
 * which then answers for itself; so is what its DHCP client is sent at the address it is offered.
 */
TG_INLINE bool tg_no_route(const struct tg_packet *packet)
{
    struct tg_device *device = tg_device_of(packet->in_ifindex);
    struct tg_addr dst = packet->tuple.dst;

    return device && !(device->flags & TG_DEVICE_LOCAL_NETS) &&
           !tg_never_forwarded(&packet->tuple) && !bpf_map_lookup_elem(&tg_addresses, &dst) &&
           !(tg_dhcp_answer(packet) && tg_dhcp_client(packet)) && tg_agent_lives(packet->now);
}

/* Why a packet with this answer of the routing tables goes nowhere; NEXT: it does. */
TG_INLINE int tg_route_refusal(const struct tg_packet *packet, long answer)
{
    if (answer == BPF_FIB_LKUP_RET_BLACKHOLE)
        return TG_REASON_BLACKHOLE_ROUTE;
    if (answer == BPF_FIB_LKUP_RET_UNREACHABLE)
        return TG_REASON_UNREACHABLE_ROUTE;
    if (answer == BPF_FIB_LKUP_RET_PROHIBIT)
        return TG_REASON_PROHIBIT_ROUTE;
    if (answer == BPF_FIB_LKUP_RET_NOT_FWDED && tg_no_route(packet))
        return TG_REASON_NO_ROUTE;
    return TG_REASON_NEXT;
}

/*
 * The hop this router is, for packets it forwards: rules behind see one less, and what they set is
 * what the next hop gets.
 */
TG_INLINE void tg_route_hop(struct tg_packet *packet)
{
    if (tg_packet_is(packet, TG_PACKET_HOPPED))
        return;
    if (packet->edits.ttl <= 1)
        packet->flags |= TG_PACKET_TTL_USED;
    packet->edits.ttl = packet->edits.ttl ? packet->edits.ttl - 1 : 0;
}

/*
 * A kernel before 6.10, which the datapath cannot ask about a mark, routes such a packet itself, by
 * the mark it finds at it. Only whether the packet is the router's own is asked here: that does not
 * depend on marks.
 */
TG_INLINE int tg_route_by_stack(struct tg_packet *packet, long unmarked)
{
    if (unmarked == BPF_FIB_LKUP_RET_FWD_DISABLED ||
        (unmarked == BPF_FIB_LKUP_RET_NOT_FWDED && !tg_no_route(packet)))
        return tg_route_router(packet);
    tg_route_hop(packet);
    packet->flags |= TG_PACKET_BY_KERNEL | TG_PACKET_BY_MARK;
    return TG_REASON_NEXT;
}

__noinline int tg_stage_route(tg_ctx *ctx, struct tg_packet *packet)
{
    __u16 size;
    struct bpf_fib_lookup fib;
    __u32 mark;
    __u8 tos;
    long answer;
    int refusal;

    if (!packet)
        return TG_REASON_NO_SCRATCH;
    if (tg_packet_is(packet, TG_PACKET_GROUP))
        return tg_route_router(packet);
    size = packet->segment > 0xffff ? 0xffff : (__u16)packet->segment;
    /* The largest segment of such a packet is known to TC only, which asks again. */
    if (tg_packet_is(packet, TG_PACKET_GENERIC))
        size = 0;
    mark = packet->edits.routing_mark;
    if (!tg_packet_is(packet, TG_PACKET_ROUTE_TOS))
        packet->edits.route_tos = packet->edits.tos;
    tos = packet->edits.route_tos;
    answer = tg_fib_lookup_marked(ctx, &packet->tuple, packet->in_ifindex, tos, size, mark, &fib);
    if (answer == -TG_EINVAL && mark)
        return tg_route_by_stack(
            packet, tg_fib_lookup(ctx, &packet->tuple, packet->in_ifindex, tos, 0, &fib));
    if (answer == BPF_FIB_LKUP_RET_FRAG_NEEDED) {
        /* The interface is told only to those who do not ask about sizes. */
        packet->flags |= TG_PACKET_TOO_BIG;
        packet->mtu = fib.mtu_result;
        answer = tg_fib_lookup_marked(ctx, &packet->tuple, packet->in_ifindex, tos, 0, mark, &fib);
        if (answer == BPF_FIB_LKUP_RET_FRAG_NEEDED)
            answer = BPF_FIB_LKUP_RET_SUCCESS;
    }
    refusal = tg_route_refusal(packet, answer);
    if (refusal)
        return refusal;
    /* Where the host does not forward, everything is for the host or for nobody. */
    if (answer < 0 || answer == BPF_FIB_LKUP_RET_NOT_FWDED ||
        answer == BPF_FIB_LKUP_RET_FWD_DISABLED)
        return tg_route_router(packet);
    tg_route_hop(packet);
    if (answer == BPF_FIB_LKUP_RET_UNSUPP_LWT)
        packet->flags |= TG_PACKET_BY_KERNEL;
    else
        tg_route_found(packet, &fib);
    if (answer == BPF_FIB_LKUP_RET_SUCCESS)
        packet->flags |= TG_PACKET_NEIGHBOUR;
    return TG_REASON_NEXT;
}
