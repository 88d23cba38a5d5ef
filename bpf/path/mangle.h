/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the actions of mangle do to a packet and its connection; no byte is written yet. */
#pragma once

#include "core/edit.h"
#include "path/context.h"
#include "path/route.h"
#include "path/table.h"

/*
 * A connection that is still pending is marked before anybody else knows it. The mark of any other
 * is an aligned word: of two CPUs that set it at once the later one wins, as if they had come one
 * after the other. What holds for counters holds here too, see tg_conn_find.
 */
__noinline int tg_mark_connection(struct tg_packet *packet, __u32 mark)
{
    struct tg_tuple way;
    struct tg_found found;

    if (!packet || packet->connection_state == TG_CONNECTION_STATE_INVALID ||
        packet->connection_state == TG_CONNECTION_STATE_UNTRACKED)
        return 0;
    packet->connection_mark = mark;
    if (tg_packet_is(packet, TG_PACKET_PENDING)) {
        packet->pending.mark = mark;
        return 0;
    }
    if (tg_packet_is(packet, TG_PACKET_ICMP_ERROR))
        tg_tuple_mirror(&packet->quoted, &way);
    else
        way = *tg_wire_tuple(packet);
    found = tg_conn_find(&way, tg_hash_of(&way));
    if (found.conn)
        tg_store_mark(found.conn, mark);
    return 0;
}

/*
 * What the packet's way takes, or the way back: the route's MTU, where the kernel keeps to it, or
 * the interface's; 0: that is not known. Interface 0 is the one at hand: of packets of the router
 * and to it, and of those whose way is not known yet.
 */
__noinline int tg_path_mtu(tg_ctx *ctx, struct tg_packet *packet, bool back)
{
    struct bpf_fib_lookup fib;
    __u32 ifindex, mark, mtu = 0;
    struct tg_tuple way;
    long answer;

    if (!packet)
        return 0;
    ifindex = back ? packet->in_ifindex : packet->out_ifindex;
    if (bpf_check_mtu(ctx, ifindex, &mtu, 0, 0) < 0 || !ifindex)
        return (int)mtu;
    way = packet->tuple;
    if (back)
        tg_tuple_mirror(&packet->tuple, &way);
    mark = back ? 0 : packet->edits.routing_mark;
    /* Nothing is as large as this question, and so the answer is the MTU, be there a neighbour or
     * not. */
    tg_fib_question(&way, ifindex, back ? 0 : packet->edits.route_tos, 0xffff, mark, &fib);
    answer =
        bpf_fib_lookup(ctx, &fib, sizeof(fib), BPF_FIB_LOOKUP_OUTPUT | (mark ? TG_FIB_MARK : 0));
    return (int)(answer == BPF_FIB_LKUP_RET_FRAG_NEEDED && fib.mtu_result < mtu ? fib.mtu_result
                                                                                : mtu);
}

/* The segment that fits both, since the answers' segments take the way back; 0: not known. */
TG_INLINE __u32 tg_mss_of_path(tg_ctx *ctx, struct tg_packet *packet)
{
    __u32 headers = sizeof(struct tg_tcp_header) + (packet->tuple.family == TG_FAMILY_IPV4
                                                        ? sizeof(struct tg_ipv4_header)
                                                        : sizeof(struct tg_ipv6_header));
    __u32 there = (__u32)tg_path_mtu(ctx, packet, false);
    __u32 back = (__u32)tg_path_mtu(ctx, packet, true), mtu = there < back ? there : back;

    return mtu > headers ? mtu - headers : 0;
}

TG_INLINE void tg_change_mss(tg_ctx *ctx, struct tg_packet *packet, __u32 mss)
{
    if (!tg_offers_mss(packet))
        return;
    if (mss == TG_MSS_OF_PATH)
        mss = tg_mss_of_path(ctx, packet);
    if (mss)
        tg_lower_mss(packet, mss);
}

/* A number of its own, and one for each of its segments, that others cannot foretell. */
TG_INLINE __be16 tg_new_identification(const struct tg_packet *packet)
{
    struct tg_shape *shape = tg_shape_now();
    __u16 number = tg_store_numbers(packet->packets);

    return tg_net16((__u16)(number + (shape ? shape->seed : 0))) ?: tg_net16(1);
}

/* What a rule of mangle does to the packet that matches, but for where the walk goes on. */
__noinline int tg_mangle_action(tg_ctx *ctx, struct tg_packet *packet, __u32 action, __u32 value)
{
    if (!packet)
        return 0;
    if (action == TG_ACTION_MARK_PACKET) {
        packet->packet_mark = value;
    } else if (action == TG_ACTION_MARK_ROUTING) {
        packet->edits.routing_mark = value;
    } else if (action == TG_ACTION_CHANGE_MSS) {
        tg_change_mss(ctx, packet, value);
    } else if (action == TG_ACTION_CHANGE_DSCP) {
        tg_change_dscp(&packet->edits, value);
    } else if (action == TG_ACTION_CHANGE_TTL) {
        packet->edits.ttl = tg_new_ttl(packet->edits.ttl, value);
        packet->edits.changed |= TG_EDIT_TTL;
    } else if (action == TG_ACTION_SET_PRIORITY) {
        tg_set_priority(packet, value);
    } else if (action == TG_ACTION_CLEAR_DF) {
        tg_clear_df(packet);
        if (tg_lacks_identification(packet))
            tg_identify(packet, tg_new_identification(packet));
    }
    return 0;
}
