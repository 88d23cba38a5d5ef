/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The connection table behind four functions: find, open, confirm, close. Nothing else knows that
 * it is a BPF hash with one entry for both directions.
 */
#pragma once

#include "core/conn_state.h"
#include "core/packet.h"
#include "path/bank.h"
#include "path/maps.h"
#include "path/store.h"

#define TG_EEXIST        17
#define TG_CONFIRM_TRIES 4

/*
 * The connection with this key, or NULL. The entry may be removed and its memory be used for
 * another connection while the caller holds it: the state word, changed by compare-and-swap with
 * its generation, cannot be written then. Counters and last_seen can, in the few nanoseconds
 * between; the worst is one packet counted for, or one refresh given to, a newborn connection.
 */
TG_INLINE struct tg_conn *tg_conn_find(const struct tg_conn_key *key)
{
    struct tg_conn *conn = bpf_map_lookup_elem(&tg_conns, key);

    if (!conn || tg_word_flags(*(volatile __u64 *)&conn->word) & TG_CONN_FLAG_DYING)
        return NULL;
    return conn;
}

/* Prepares the connection the packet opens; nothing is stored before the packet is accepted. */
TG_INLINE void tg_conn_open(struct tg_packet *packet, __u8 timeout, __u8 tcp_state, __u16 flags,
                            __u8 direction)
{
    struct tg_conn *pending = &packet->pending;

    __builtin_memset(pending, 0, sizeof(*pending));
    if (direction == TG_ORIGINAL) {
        pending->original = packet->tuple;
        tg_tuple_mirror(&packet->tuple, &pending->reply);
    } else {
        pending->reply = packet->tuple;
        tg_tuple_mirror(&packet->tuple, &pending->original);
    }
    pending->word = tg_word_make(0, timeout, tcp_state, flags);
    pending->last_seen = packet->now;
    pending->created = packet->now;
    packet->direction = direction;
    packet->flags |= TG_PACKET_PENDING;
}

/*
 * Removes a connection of the given generation; true if this call did it. Whoever sets the dying
 * flag deletes the entry, and nobody can insert the key before that, so no other life of the
 * connection is ever deleted.
 */
TG_INLINE bool tg_conn_close(const struct tg_conn_key *key, struct tg_conn *conn, __u64 word)
{
    __u64 dying = word | (__u64)TG_CONN_FLAG_DYING << TG_WORD_FLAGS_SHIFT;

    if (word == dying || !tg_store_word(conn, word, dying))
        return false;
    tg_store_delete(key);
    tg_store_connections(-1);
    return true;
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
    struct tg_conn *pending = &packet->pending;
    struct tg_counter *counter =
        &pending->counters[packet->direction == TG_REPLY ? TG_REPLY : TG_ORIGINAL];
    struct tg_conn_key key;

    pending->word |= (__u64)tg_store_generation() << TG_WORD_GENERATION_SHIFT |
                     (__u64)TG_CONN_FLAG_CONFIRMED << TG_WORD_FLAGS_SHIFT;
    counter->packets = packet->packets;
    counter->bytes = packet->bytes;
    tg_tuple_key(&packet->tuple, &key);
    for (int i = 0; i < TG_CONFIRM_TRIES; i++) {
        struct tg_conn *winner;
        long error;

        /* Counting first and undoing it keeps two CPUs from passing the limit together. */
        if (tg_store_connections(1) >= limit) {
            tg_store_connections(-1);
            return TG_REASON_TABLE_FULL;
        }
        error = tg_store_insert(&key, pending);
        if (!error)
            return TG_REASON_NEXT;
        tg_store_connections(-1);
        if (error != -TG_EEXIST)
            return TG_REASON_TABLE_FULL;
        winner = tg_conn_find(&key);
        if (winner) {
            tg_store_count_conn(winner, packet->direction, packet->packets, packet->bytes);
            return TG_REASON_NEXT;
        }
        /* The entry is just being removed: the next try finds the key free. */
    }
    return TG_REASON_TABLE_FULL;
}
