/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage conntrack: what the packet is to the tracker, and what it does to its connection. */
#pragma once

#include "core/expiry.h"
#include "core/sanity.h"
#include "path/adopt.h"
#include "path/nat.h"
#include "path/table.h"
#include "path/verify.h"

#define TG_WORD_TRIES 4

/*
 * A quotation belongs to a connection if that is in the table and not overdue. Whoever sent the
 * packet has to be told of it, and nobody else: an error to another host is no answer to it.
 */
TG_INLINE __u8 tg_track_error(struct tg_packet *packet)
{
    struct tg_tuple way;
    struct tg_found found;

    if (!tg_packet_is(packet, TG_PACKET_QUOTED) ||
        !tg_addr_equal(&packet->tuple.dst, &packet->quoted.src))
        return TG_CONNECTION_STATE_INVALID;
    /* Where the quoted packet was seen, its answers look so; the error goes their way. */
    tg_tuple_mirror(&packet->quoted, &way);
    found = tg_conn_find(&way, tg_hash_of(&way));
    if (!found.conn || tg_conn_over(found.conn, found.word, packet->now, packet->bank))
        return TG_CONNECTION_STATE_INVALID;
    tg_nat_follow_error(packet, &found);
    packet->connection_mark = found.conn->mark;
    return TG_CONNECTION_STATE_RELATED;
}

/* What the administrator has switched, and the loader for as long as it was asked to. */
TG_INLINE struct tg_tcp_switches tg_track_switches(const struct tg_packet *packet,
                                                   const struct tg_moment *moment)
{
    struct tg_tcp_switches switches = {
        .loose = moment->settings->loose_tcp_tracking,
        .liberal = moment->settings->liberal_tcp_tracking,
    };

    if (packet->now < moment->pickup_until)
        switches.loose = true;
    return switches;
}

/*
 * The packet opens a connection, or belongs to none. What belongs to a socket of the router is not
 * asked whether it may open one: attaching cuts no connection to it, whatever the rules say of new
 * ones.
 */
TG_INLINE __u8 tg_track_first(tg_ctx *ctx, struct tg_packet *packet, const struct tg_moment *moment)
{
    struct tg_tcp_switches switches = tg_track_switches(packet, moment);
    struct tg_opening opening = tg_conn_opening(packet, &switches);
    bool router = tg_packet_is(packet, TG_PACKET_LOCAL) || !tg_packet_is(packet, TG_PACKET_EGRESS);
    bool joins =
        packet->tuple.protocol == TG_PROTOCOL_TCP && opening.tcp_state != TG_TCP_STATE_SYN_SENT;

    if (joins && router && tg_adopt(ctx, packet))
        return TG_CONNECTION_STATE_ESTABLISHED;
    if (!opening.allowed)
        return TG_CONNECTION_STATE_INVALID;
    tg_conn_open(packet, opening.timeout, opening.tcp_state, 0, TG_ORIGINAL);
    return TG_CONNECTION_STATE_NEW;
}

/*
 * An invalid packet that tells nevertheless that the connection may be over: it has the time of
 * what is not acknowledged, from now on, unless it has less already.
 */
TG_INLINE bool tg_track_doubt(const struct tg_packet *packet, const struct tg_conn *conn,
                              __u64 word, const struct tg_moment *moment)
{
    const __u32 *timeouts = moment->settings->timeouts;
    __u64 left = tg_ticks_left(packet->now, *(volatile __u64 *)&conn->last_seen,
                               tg_conn_timeout(conn, word, timeouts), moment->ticks);

    return left > (__u64)timeouts[TG_TIMEOUT_TCP_UNACKED] * moment->ticks;
}

/* An ACK as most packets are; false: it is something else, or does not fit. See tg_tcp_take_plain.
 */
TG_INLINE bool tg_track_ack(const struct tg_packet *packet, struct tg_conn *conn)
{
    struct tg_tcp_view view;

    tg_conn_view(conn, packet->direction, &view);
    if (!tg_tcp_take_plain(&packet->tcp, packet->tcp_flags, &view))
        return false;
    tg_store_tcp_plain(conn, &view);
    return true;
}

/* As tg_conn_step, for a TCP packet; stores what it tells of the windows. */
TG_INLINE struct tg_step tg_track_segment(struct tg_packet *packet, struct tg_conn *conn,
                                          __u64 word, const struct tg_moment *moment)
{
    struct tg_tcp_switches switches = tg_track_switches(packet, moment);
    struct tg_tcp_view *view = &packet->view;
    struct tg_step step = {
        .word = word,
        .connection_state = TG_CONNECTION_STATE_ESTABLISHED,
        .refresh = true,
    };
    __u32 before;

    if (tg_word_is_plain(word) && tg_track_ack(packet, conn))
        return step;
    for (int i = 0; i < TG_WORD_TRIES; i++) {
        tg_conn_view(conn, packet->direction, view);
        before = view->word;
        step = tg_conn_step_tcp(packet, word, &switches);
        if (step.word == word || step.reopen || tg_store_word(conn, word, step.word))
            break;
        word = *(volatile __u64 *)&conn->word;
    }
    if (step.reopen)
        return step;
    if (view->step.doubt && tg_track_doubt(packet, conn, word, moment))
        tg_store_last_seen(conn, packet->now);
    else if (view->step.doubt)
        view->word &= ~TG_TCP_DOUBTED;
    tg_store_tcp(conn, view, before);
    return step;
}

/* … for a packet of any other protocol. */
TG_INLINE struct tg_step tg_track_other(struct tg_packet *packet, struct tg_conn *conn, __u64 word)
{
    struct tg_step step = tg_conn_step(packet, packet->direction, word);

    for (int i = 0; i < TG_WORD_TRIES; i++) {
        if (step.word == word || tg_store_word(conn, word, step.word))
            return step;
        word = *(volatile __u64 *)&conn->word;
        step = tg_conn_step(packet, packet->direction, word);
    }
    return step;
}

/* What becomes of a connection by a packet that belongs to it. */
enum tg_outcome {
    TG_OUTCOME_NONE, /* there is no such connection */
    TG_OUTCOME_LIVES,
    TG_OUTCOME_FINISHED, /* it ends behind the packet */
    TG_OUTCOME_OVER,     /* it has ended, and the packet may open the next */
};

/* The packet belongs to a connection; found->word is what that ends with, if it does. */
TG_INLINE enum tg_outcome tg_track_next(struct tg_packet *packet, struct tg_found *found,
                                        const struct tg_moment *moment)
{
    struct tg_conn *conn = found->conn;
    __u64 word = found->word;
    struct tg_step step;
    __u32 seconds;

    packet->direction = (__u8)found->direction;
    if (tg_conn_overdue(conn, word, packet->now, moment))
        return TG_OUTCOME_OVER;
    if (tg_packet_is(packet, TG_PACKET_PIECE_KNOWN)) {
        tg_store_count_conn(conn, packet->direction, packet->packets, packet->bytes);
        tg_nat_follow(packet, found);
        return TG_OUTCOME_LIVES;
    }
    /*
     * Both directions may get here on two CPUs at once: the state word changes by
     * compare-and-swap, and whoever loses looks at the winner's word and decides again. After
     * TG_WORD_TRIES the last decision stands without its store: the other CPU's packets of the same
     * moment have moved the connection on.
     */
    step = packet->tuple.protocol == TG_PROTOCOL_TCP ? tg_track_segment(packet, conn, word, moment)
                                                     : tg_track_other(packet, conn, word);
    if (step.reopen)
        return TG_OUTCOME_OVER;
    packet->connection_state = step.connection_state;
    if (step.connection_state == TG_CONNECTION_STATE_INVALID)
        return TG_OUTCOME_LIVES;
    packet->connection_mark = conn->mark;
    tg_store_count_conn(conn, packet->direction, packet->packets, packet->bytes);
    tg_nat_follow(packet, found);
    /* What is translated ends by its timeout: perhaps TC has yet to look how the packet is. */
    if (step.finished && !(tg_word_flags(word) & TG_CONN_TRANSLATED)) {
        found->word = step.word;
        return TG_OUTCOME_FINISHED;
    }
    seconds = tg_conn_timeout(conn, step.word, moment->settings->timeouts);
    if (step.refresh && (step.word != word ||
                         tg_refresh_due(packet->now, conn->last_seen, seconds, moment->ticks))) {
        tg_store_last_seen(conn, packet->now);
        tg_store_throughput(conn, packet->now, moment->ticks);
    }
    return TG_OUTCOME_LIVES;
}

/* Of a datagram whose first piece was translated, none goes on that nobody can translate. */
TG_INLINE int tg_track_translated(const struct tg_packet *packet)
{
    return tg_packet_is(packet, TG_PACKET_FIRST_CHANGED) &&
                   !tg_packet_is(packet, TG_PACKET_TRANSLATED)
               ? TG_REASON_FRAGMENT_DROPPED
               : TG_REASON_NEXT;
}

__noinline int tg_stage_conntrack(tg_ctx *ctx, struct tg_packet *packet)
{
    enum tg_outcome outcome = TG_OUTCOME_NONE;
    struct tg_moment moment = {};
    struct tg_found found;

    if (!packet)
        return TG_REASON_NO_SCRATCH;
    moment = tg_moment_of(packet->bank);
    if (packet->untracked || moment.settings->tracking == TG_TRACKING_OFF) {
        packet->connection_state = TG_CONNECTION_STATE_UNTRACKED;
        return TG_REASON_NEXT;
    }
    packet->connection_state = TG_CONNECTION_STATE_INVALID;
    if (tg_packet_is(packet, TG_PACKET_L4_BAD))
        return TG_REASON_NEXT;
    packet->hash = tg_hash_of(&packet->tuple);
    tg_index_glance(packet->hash, &packet->seen);
    if (moment.settings->checksum && !tg_packet_is(packet, TG_PACKET_EGRESS) &&
        !tg_checksums_good(ctx, packet))
        return TG_REASON_NEXT;
    if (tg_multicast_listener(packet)) {
        packet->connection_state = TG_CONNECTION_STATE_UNTRACKED;
        return TG_REASON_NEXT;
    }
    if (tg_packet_is(packet, TG_PACKET_ICMP_ERROR)) {
        packet->connection_state = tg_track_error(packet);
        return TG_REASON_NEXT;
    }
    found = tg_conn_find_seen(&packet->seen, &packet->tuple, packet->hash);
    if (found.conn && !tg_store_is_gone(found.conn))
        outcome = tg_track_next(packet, &found, &moment);
    if (outcome == TG_OUTCOME_LIVES)
        return tg_track_translated(packet);
    if (outcome != TG_OUTCOME_NONE)
        tg_conn_close(found.conn, found.word, packet->now);
    if (outcome != TG_OUTCOME_FINISHED && !tg_packet_is(packet, TG_PACKET_PIECE_KNOWN))
        packet->connection_state = tg_track_first(ctx, packet, &moment);
    return tg_track_translated(packet);
}
