/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The mark of a packet's connection, as a rule of mangle sets it. */
#pragma once

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
