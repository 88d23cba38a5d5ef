/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the actions of mangle do to a packet and its connection; no byte is written yet. */
#pragma once

#include "core/edit.h"
#include "path/context.h"
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
 * The segment that fits the interfaces the packet comes by and goes by, on both of which its
 * answers' segments go too. 0: that is not known.
 */
TG_INLINE __u32 tg_mss_of_path(tg_ctx *ctx, const struct tg_packet *packet)
{
    __u32 headers = sizeof(struct tg_tcp_header) + (packet->tuple.family == TG_FAMILY_IPV4
                                                        ? sizeof(struct tg_ipv4_header)
                                                        : sizeof(struct tg_ipv6_header));
    __u32 in = 0, out = 0, mtu;

    /* Interface 0 is the one at hand: for packets of the router, and to it. */
    if (bpf_check_mtu(ctx, packet->in_ifindex, &in, 0, 0) < 0 ||
        bpf_check_mtu(ctx, packet->out_ifindex, &out, 0, 0) < 0)
        return 0;
    mtu = in < out ? in : out;
    return mtu > headers ? mtu - headers : 0;
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
        if (value == TG_MSS_OF_PATH)
            value = tg_mss_of_path(ctx, packet);
        if (value)
            tg_lower_mss(packet, value);
    } else if (action == TG_ACTION_CHANGE_DSCP) {
        tg_change_dscp(&packet->edits, value);
    } else if (action == TG_ACTION_CHANGE_TTL) {
        packet->edits.ttl = tg_new_ttl(packet->edits.ttl, value);
        packet->edits.changed |= TG_EDIT_TTL;
    } else if (action == TG_ACTION_SET_PRIORITY) {
        tg_set_priority(packet, value);
    } else if (action == TG_ACTION_CLEAR_DF) {
        tg_clear_df(packet);
    }
    return 0;
}
