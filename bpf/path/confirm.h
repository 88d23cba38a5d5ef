/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A place in the connection table for what an accepted packet opens, an overdue one's if need be.
 */
#pragma once

#include "path/table.h"

#define TG_CONFIRM_TRIES 4

/* Counts the packet in the connection that another CPU has opened; 0: it is gone already. */
__noinline int tg_confirm_other(struct tg_packet *packet)
{
    struct tg_found winner;

    if (!packet)
        return 0;
    winner = tg_conn_find(&packet->tuple, packet->hash);
    if (!winner.conn)
        return 0;
    tg_store_count_conn(winner.conn, (__u8)winner.direction, packet->packets, packet->bytes);
    return 1;
}

/* A search for an overdue record, from where the last one ended. */
struct tg_reclaim {
    struct tg_moment moment;
    __u64 now;
    __u32 start;
    __u32 records; /* of the table */
    __u32 id;      /* found; 0: none */
};

static long tg_reclaim_look(__u32 step, struct tg_reclaim *reclaim)
{
    __u32 id = reclaim->records ? (reclaim->start + step) % reclaim->records : 0;
    struct tg_conn *conn = tg_record(id);
    __u64 word;

    if (!conn)
        return 0;
    word = *(volatile __u64 *)&conn->word;
    if (!tg_word_lives(word, TG_CONN_FLAG_CONFIRMED) || tg_store_is_gone(conn) ||
        !tg_conn_overdue(conn, word, reclaim->now, &reclaim->moment))
        return 0;
    reclaim->id = id;
    return 1;
}

/* Removes one overdue connection, found by a bounded search; 0: it has found none. */
__noinline int tg_reclaim(__u64 bank, __u64 now)
{
    struct tg_shape *shape = tg_shape_now();
    struct tg_reclaim reclaim = {.now = now};
    struct tg_conn *conn;
    __u32 steps;
    __u64 word;

    if (!shape)
        return false;
    reclaim.moment.settings = tg_bank_settings(bank);
    reclaim.moment.ticks = tg_ticks_per_second();
    reclaim.records = shape->slabs * TG_LIMIT_SLAB_RECORDS;
    /* Without an agent there is no sweep: then more is looked at, so that nobody waits for one. */
    steps = tg_agent_lives(now) ? TG_LIMIT_RECLAIM : TG_LIMIT_RECLAIM_ALONE;
    reclaim.start = tg_store_reclaim_start(steps);
    bpf_loop(steps, tg_reclaim_look, &reclaim, 0);
    conn = reclaim.id ? tg_record(reclaim.id) : NULL;
    if (!conn)
        return false;
    word = *(volatile __u64 *)&conn->word;
    return tg_word_lives(word, TG_CONN_FLAG_CONFIRMED) &&
           tg_conn_overdue(conn, word, now, &reclaim.moment) && tg_conn_close(conn, word, now);
}

/*
 * Counts one connection more; false: there is no place. Counting first and undoing it keeps two
 * CPUs from passing the limit together.
 */
TG_INLINE bool tg_conn_admit(__u8 family, __u64 limit)
{
    if (tg_store_connections(family, 1) < limit)
        return true;
    tg_store_connections(family, -1);
    return false;
}

/*
 * Inserts the pending connection. TG_REASON_NEXT: done, or another CPU has just opened the same
 * one and the packet counts there. TG_REASON_TABLE_FULL: there is no place for it.
 */
TG_INLINE int tg_conn_confirm(struct tg_packet *packet)
{
    const struct tg_bank_header *settings = tg_bank_settings(packet->bank);
    bool local = tg_packet_is(packet, TG_PACKET_LOCAL);
    __u64 limit = settings->max_connections + (local ? settings->reserve : 0);
    __u8 family = packet->tuple.family;
    struct tg_conn *pending = &packet->pending;
    struct tg_counter *counter =
        &pending->counters[packet->direction == TG_REPLY ? TG_REPLY : TG_ORIGINAL];

    pending->word |= (__u64)tg_store_generation() << TG_WORD_GENERATION_SHIFT |
                     (__u64)TG_CONN_PENDING << TG_WORD_FLAGS_SHIFT;
    counter->packets = packet->packets;
    counter->bytes = packet->bytes;
    for (int i = 0; i < TG_CONFIRM_TRIES; i++) {
        int error;

        if (!tg_conn_admit(family, limit) &&
            !(tg_reclaim(packet->bank, packet->now) && tg_conn_admit(family, limit)))
            return TG_REASON_TABLE_FULL;
        error = tg_store_insert(pending, tg_ticks_per_second());
        if (!error)
            return TG_REASON_NEXT;
        tg_store_connections(family, -1);
        if (error != -TG_EEXIST)
            return TG_REASON_TABLE_FULL;
        if (tg_confirm_other(packet))
            return TG_REASON_NEXT;
        /* The record is just being removed: the next try finds the tuple free. */
    }
    return TG_REASON_TABLE_FULL;
}
