/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A place in the connection table for what an accepted packet opens, an overdue one's if need be.
 */
#pragma once

#include "path/nat.h"
#include "path/nat_ports.h"
#include "path/table.h"

#define TG_CONFIRM_TRIES 4

/*
 * Whether a packet that was judged by where its own translation leads may follow the connection
 * that was found by its tuple: that has to lead there as well. Where nothing is translated, it
 * does.
 */
TG_INLINE bool tg_confirm_same_way(const struct tg_packet *packet, const struct tg_found *winner)
{
    const struct tg_tuple *own = &packet->pending.reply;
    const struct tg_tuple *way =
        winner->direction == TG_ORIGINAL ? &winner->conn->reply : &winner->conn->original;

    if (!tg_packet_is(packet, TG_PACKET_TRANSLATED) &&
        !(tg_word_flags(winner->word) & TG_CONN_TRANSLATED))
        return true;
    return tg_addr_equal(&own->src, &way->src) &&
           (own->src_port == way->src_port || tg_tuple_is_icmp(own));
}

/*
 * Counts the packet in the connection that another CPU has opened, and translates it as that says;
 * 0: it is gone already, or another one than the packet's. Where the answers of one connection look
 * like the packets of another, translated one, either may have been found before: if that left is
 * overdue too, it ends here.
 */
__noinline int tg_confirm_other(struct tg_packet *packet)
{
    struct tg_found winner;

    if (!packet || !tg_living(packet, tg_wire_tuple(packet)))
        return 0;
    winner = tg_conn_find(tg_wire_tuple(packet), packet->hash);
    if (!winner.conn || !tg_confirm_same_way(packet, &winner))
        return 0;
    packet->direction = (__u8)winner.direction;
    packet->flags &= ~TG_PACKET_TRANSLATED;
    tg_store_count_conn(winner.conn, packet->direction, packet->packets, packet->bytes);
    tg_nat_follow(packet, &winner);
    return 1;
}

/* Connections there may ever be: max-connections and the router's reserve. */
TG_INLINE __u64 tg_most_connections(const struct tg_bank_header *settings)
{
    return (__u64)settings->max_connections + settings->reserve;
}

/* A search for a connection that gives up its place, from where the last one ended. */
struct tg_reclaim {
    __u64 bank;
    __u64 now;
    __u32 next;       /* to be looked at */
    __u32 records;    /* of the table */
    __u32 early_drop; /* enum tg_early_drop */
    __u32 id;         /* found; 0: none */
};

/* Whether the connection is overdue, or gives way to a new one. */
TG_INLINE bool tg_gives_place(const struct tg_conn *conn, __u64 word,
                              const struct tg_reclaim *reclaim)
{
    return tg_conn_over(conn, word, reclaim->now, reclaim->bank) ||
           tg_conn_gives_way(conn->original.protocol, word, reclaim->early_drop);
}

static long tg_reclaim_look(__u32 step, struct tg_reclaim *reclaim)
{
    __u32 id = reclaim->next < reclaim->records ? reclaim->next : 0;
    struct tg_conn *conn = tg_record(id);
    __u64 word;

    reclaim->next = id + 1;
    if (!conn)
        return 0;
    word = *(volatile __u64 *)&conn->word;
    if (!tg_word_lives(word, TG_CONN_FLAG_CONFIRMED) || tg_store_is_gone(conn))
        return 0;
    if (tg_gives_place(conn, word, reclaim)) {
        reclaim->id = id;
        return 1;
    }
    return 0;
}

/*
 * How many records to look at, so that about TG_LIMIT_RECLAIM_LIVING of them are connections.
 * Without an agent there is no sweep: then more, so that nobody waits for one.
 */
TG_INLINE __u32 tg_reclaim_steps(__u64 now, __u64 records, __u64 connections)
{
    __u64 steps = connections ? records * TG_LIMIT_RECLAIM_LIVING / connections : 0;

    if (!tg_agent_lives(now))
        return TG_LIMIT_RECLAIM_ALONE;
    return steps < TG_LIMIT_RECLAIM ? (__u32)steps : TG_LIMIT_RECLAIM;
}

#define TG_RECLAIM_NONE 0 /* none gives up its place */
#define TG_RECLAIM_LOST 1 /* one did, and another CPU has taken that */
#define TG_RECLAIM_DONE 2 /* and more, by the enum tg_family of the one that did */

/*
 * Removes one connection that gives up its place, found by a bounded search: TG_RECLAIM_*. It is
 * the caller's place then, not free in between: nobody else gets it, and there are never more
 * connections than were admitted.
 */
__noinline int tg_reclaim(__u64 bank, __u64 now)
{
    __u32 zero = 0, family;
    struct tg_shape *shape = tg_shape_now();
    struct tg_table *table = bpf_map_lookup_elem(&tg_table, &zero);
    struct tg_reclaim reclaim = {.bank = bank, .now = now};
    const struct tg_bank_header *settings = tg_bank_settings(bank);
    __u64 word, connections, most;
    struct tg_conn *conn;

    if (!shape || !table)
        return TG_RECLAIM_NONE;
    reclaim.records = shape->slabs * TG_LIMIT_SLAB_RECORDS;
    reclaim.next = *(volatile __u32 *)&table->reclaimed;
    connections = tg_store_connections(TG_FAMILY_IPV4, 0);
    most = tg_most_connections(settings);
    /* While there are too many, since max-connections was lowered, nobody gives way in vain. */
    if (connections <= most)
        reclaim.early_drop = settings->early_drop;
    bpf_loop(tg_reclaim_steps(now, reclaim.records, connections), tg_reclaim_look, &reclaim, 0);
    tg_store_reclaimed(reclaim.next);
    conn = reclaim.id ? tg_record(reclaim.id) : NULL;
    if (!conn)
        return TG_RECLAIM_NONE;
    word = *(volatile __u64 *)&conn->word;
    family = conn->original.family;
    if (!tg_gives_place(conn, word, &reclaim) || !tg_conn_end(conn, word, now))
        return TG_RECLAIM_LOST;
    if (!tg_conn_over(conn, word, now, bank))
        tg_store_early_drop();
    if (connections > most) {
        tg_store_connections((__u8)family, -1);
        return TG_RECLAIM_NONE;
    }
    return TG_RECLAIM_DONE + (int)family;
}

/*
 * Counts one connection more; false: there is no place. Counting first and undoing it keeps two
 * CPUs from passing the limit together; a look before spares whoever reads the number all but that.
 */
TG_INLINE bool tg_conn_admit(__u8 family, __u64 limit)
{
    if (tg_store_connections(family, 0) >= limit)
        return false;
    if (tg_store_connections(family, 1) < limit)
        return true;
    tg_store_connections(family, -1);
    return false;
}

/* Connections there may be for this one, counted together. */
TG_INLINE __u64 tg_confirm_limit(const struct tg_packet *packet)
{
    const struct tg_bank_header *settings = tg_bank_settings(packet->bank);

    return tg_packet_is(packet, TG_PACKET_LOCAL) ? tg_most_connections(settings)
                                                 : settings->max_connections;
}

/* Counts one record more, if need be in the place of one that gives it up; false: there is none. */
__noinline int tg_confirm_place(const struct tg_packet *packet)
{
    if (!packet)
        return false;
    for (int i = 0; i < TG_CONFIRM_TRIES; i++) {
        __u8 family = packet->tuple.family;
        int reclaimed;

        if (tg_conn_admit(family, tg_confirm_limit(packet)))
            return true;
        reclaimed = tg_reclaim(packet->bank, packet->now);
        if (reclaimed == TG_RECLAIM_NONE)
            return false;
        if (reclaimed != TG_RECLAIM_LOST) {
            tg_store_handed_over((__u32)reclaimed - TG_RECLAIM_DONE, family);
            return true;
        }
    }
    return false;
}

/* The state word of a record that the packet opens; it has these flags from the beginning. */
TG_INLINE __u64 tg_confirm_word(__u8 timeout, __u16 flags)
{
    return tg_word_make(tg_store_generation(), timeout, TG_TCP_STATE_NONE, flags | TG_CONN_PENDING);
}

/*
 * Opens the mapping by which the pending connection has its port; 0, or a negative errno: another
 * CPU has opened one for this source, or with this port. If nothing comes of the connection, its
 * next packet finds the mapping.
 */
__noinline int tg_confirm_mapping(struct tg_packet *packet)
{
    const __u16 flags = TG_CONN_BOTH_WAYS | TG_CONN_FLAG_SRCNAT | TG_CONN_TRANSLATED;
    struct tg_conn *mapping;
    int id;

    if (!packet || !tg_confirm_place(packet))
        return -TG_ENOSPC;
    mapping = &packet->mapping;
    __builtin_memset(&mapping->word, 0, sizeof(*mapping) - offsetof(struct tg_conn, word));
    tg_mapping_outer(&packet->pending.reply, &mapping->reply);
    mapping->word = tg_confirm_word(
        TG_TIMEOUT_UDP_STREAM, flags | (tg_word_flags(packet->pending.word) & TG_CONN_MASQUERADED));
    mapping->last_seen = packet->now;
    mapping->created = packet->now;
    mapping->throughput.sampled = packet->now;
    mapping->in_ifindex = packet->in_ifindex;
    mapping->out_ifindex = packet->out_ifindex;
    id = tg_store_insert(mapping, tg_ticks_per_second());
    if (id < 0) {
        tg_store_connections(packet->tuple.family, -1);
        return id;
    }
    packet->pending.mapped[TG_MAPPED_SOURCE].id = (__u32)id;
    packet->pending.mapped[TG_MAPPED_SOURCE].generation = tg_word_generation(mapping->word);
    packet->pending.word |= (__u64)TG_CONN_MAPPED << TG_WORD_FLAGS_SHIFT;
    return 0;
}

/*
 * Inserts the pending connection, behind the mapping that it needs; 0, or a negative errno.
 */
TG_INLINE int tg_confirm_insert(struct tg_packet *packet)
{
    struct tg_conn *pending = &packet->pending;
    int error = 0;

    if (tg_packet_is(packet, TG_PACKET_MAPS) && !pending->mapped[TG_MAPPED_SOURCE].id)
        error = tg_confirm_mapping(packet);
    if (error)
        return error == -TG_EEXIST ? -TG_EADDRINUSE : error;
    error = tg_store_insert(pending, tg_ticks_per_second());
    if (error < 0)
        return error;
    if (tg_word_flags(pending->word) & TG_CONN_MAPPED)
        tg_store_mappings_seen(pending, packet->now);
    return 0;
}

/*
 * Inserts the pending connection. TG_REASON_NEXT: done, or another CPU has just opened the same
 * one and the packet counts there. TG_REASON_TABLE_FULL: there is no place for it.
 * TG_REASON_NAT_PORT_EXHAUSTED: there is no port for it. TG_REASON_NAT_FAILED: what another CPU has
 * opened leads elsewhere.
 */
TG_INLINE int tg_conn_confirm(tg_ctx *ctx, struct tg_packet *packet)
{
    bool translated = tg_packet_is(packet, TG_PACKET_TRANSLATED);
    __u8 family = packet->tuple.family;
    struct tg_conn *pending = &packet->pending;
    bool reply = packet->direction == TG_REPLY; /* of a connection older than we are */
    struct tg_counter *counter = &pending->counters[reply ? TG_REPLY : TG_ORIGINAL];
    int refusal = TG_REASON_TABLE_FULL;

    pending->word |= (__u64)tg_store_generation() << TG_WORD_GENERATION_SHIFT |
                     (__u64)TG_CONN_PENDING << TG_WORD_FLAGS_SHIFT;
    counter->packets = packet->packets;
    counter->bytes = packet->bytes;
    pending->in_ifindex = reply ? packet->out_ifindex : packet->in_ifindex;
    pending->out_ifindex = reply ? packet->in_ifindex : packet->out_ifindex;
    for (int i = 0; i < TG_CONFIRM_TRIES; i++) {
        int error;

        if (!tg_confirm_place(packet))
            return TG_REASON_TABLE_FULL;
        if (translated && !tg_nat_choose(ctx, packet)) {
            tg_store_connections(family, -1);
            /* Another CPU may have given the last one to this very connection. */
            return tg_confirm_other(packet) ? TG_REASON_NEXT : TG_REASON_NAT_PORT_EXHAUSTED;
        }
        error = tg_confirm_insert(packet);
        if (!error)
            return TG_REASON_NEXT;
        tg_store_connections(family, -1);
        if (error == -TG_EADDRINUSE) {
            refusal = TG_REASON_NAT_PORT_EXHAUSTED;
            continue; /* another CPU has just taken it */
        }
        if (error != -TG_EEXIST)
            return TG_REASON_TABLE_FULL;
        if (tg_confirm_other(packet))
            return TG_REASON_NEXT;
        /* If the record is just being removed, the next try finds the tuple free. */
        refusal = translated ? TG_REASON_NAT_FAILED : TG_REASON_TABLE_FULL;
    }
    return refusal;
}
