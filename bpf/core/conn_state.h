/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a packet does to its connection, or whether it may open one: pure decisions. */
#pragma once

#include "core/packet.h"
#include "core/parse_l4.h"
#include "core/tcp_step.h"
#include "core/tuple_ops.h"
#include "tidegate/chain.h"

/* What becomes of a connection by one packet. */
struct tg_step {
    __u64 word;            /* the state word afterwards */
    __u8 connection_state; /* what the packet is: enum tg_connection_state */
    __u8 invalid;          /* enum tg_invalid: why, if it is */
    bool refresh;          /* the timeout starts anew */
    bool reopen;   /* the connection is over: remove it and treat the packet as a first one */
    bool finished; /* the connection is over: remove it behind the packet */
};

#define TG_CONN_BOTH_WAYS (TG_CONN_FLAG_SEEN_REPLY | TG_CONN_FLAG_ASSURED)

/* The timeout class of a connection that is not TCP, by whether it was answered. */
TG_INLINE __u8 tg_plain_timeout(__u8 protocol, bool answered)
{
    if (protocol == TG_PROTOCOL_UDP || protocol == TG_PROTOCOL_UDPLITE)
        return answered ? TG_TIMEOUT_UDP_STREAM : TG_TIMEOUT_UDP;
    if (protocol == TG_PROTOCOL_ICMP || protocol == TG_PROTOCOL_ICMPV6)
        return TG_TIMEOUT_ICMP;
    return TG_TIMEOUT_GENERIC;
}

/* The state word of a TCP connection whose plain segments change nothing in it. */
TG_INLINE bool tg_word_is_plain(__u64 word)
{
    __u16 flags = TG_CONN_BOTH_WAYS | TG_CONN_COMPLETE;

    return (tg_word_flags(word) & flags) == flags &&
           tg_word_tcp_state(word) == TG_TCP_STATE_ESTABLISHED &&
           tg_word_timeout(word) == TG_TIMEOUT_TCP_ESTABLISHED;
}

/* The packet, of TCP, belongs to a connection seen as packet->view, which it changes. */
TG_INLINE struct tg_step tg_conn_step_tcp(struct tg_packet *packet, __u64 word,
                                          const struct tg_tcp_switches *switches)
{
    __u16 flags = tg_word_flags(word);
    const struct tg_tcp_step *tcp = &packet->view.step;
    struct tg_step step = {.word = word};
    __u32 options = switches->liberal ? TG_TCP_LIBERAL : 0;
    bool ignored;

    if (flags & TG_CONN_FLAG_SEEN_REPLY)
        options |= TG_TCP_ANSWERED;
    tg_tcp_take(&packet->tcp, packet->tcp_flags, tg_word_tcp_state(word), options, &packet->view);
    step.invalid = tcp->invalid;
    if (tcp->fate == TG_TCP_FATE_INVALID) {
        step.connection_state = TG_CONNECTION_STATE_INVALID;
        return step;
    }
    if (packet->view.direction == TG_REPLY)
        flags |= TG_CONN_BOTH_WAYS;
    step.connection_state =
        flags & TG_CONN_FLAG_SEEN_REPLY ? TG_CONNECTION_STATE_ESTABLISHED : TG_CONNECTION_STATE_NEW;
    step.refresh = tcp->refresh;
    step.reopen = tcp->fate == TG_TCP_FATE_REOPENS;
    step.finished = tcp->fate == TG_TCP_FATE_FINISHES;
    /* Such a reset is no answer: whatever still has the connection, a SYN begins the next one. */
    if (step.finished)
        flags &= (__u16)~TG_CONN_BOTH_WAYS;
    ignored = tcp->fate == TG_TCP_FATE_IGNORED;
    if (!ignored && tcp->state == TG_TCP_STATE_ESTABLISHED && flags & TG_CONN_FLAG_SEEN_REPLY)
        flags |= TG_CONN_COMPLETE;
    if (!ignored && tcp->state == TG_TCP_STATE_SYN_RECV)
        flags &= (__u16)~TG_CONN_COMPLETE; /* another one, in the place of the one we knew */
    step.word =
        tg_word_make(tg_word_generation(word), ignored ? tg_word_timeout(word) : tcp->timeout,
                     ignored ? tg_word_tcp_state(word) : tcp->state, flags);
    return step;
}

/* The packet, not of TCP, goes `direction` in the connection whose state word is `word`. */
TG_INLINE struct tg_step tg_conn_step(const struct tg_packet *packet, __u8 direction, __u64 word)
{
    __u16 flags = tg_word_flags(word);
    __u8 state = tg_word_tcp_state(word), timeout;
    struct tg_step step = {.refresh = true};

    if (direction == TG_REPLY)
        flags |= TG_CONN_BOTH_WAYS;
    step.connection_state =
        flags & TG_CONN_FLAG_SEEN_REPLY ? TG_CONNECTION_STATE_ESTABLISHED : TG_CONNECTION_STATE_NEW;
    timeout = tg_plain_timeout(packet->tuple.protocol, flags & TG_CONN_FLAG_SEEN_REPLY);
    step.word = tg_word_make(tg_word_generation(word), timeout, state, flags);
    return step;
}

/* Whether a packet without a connection may open one, and in which state that begins. */
struct tg_opening {
    bool allowed; /* false: the packet is invalid */
    __u8 tcp_state;
    __u8 timeout; /* enum tg_timeout */
};

TG_INLINE struct tg_opening tg_conn_opening(const struct tg_packet *packet,
                                            const struct tg_tcp_switches *switches)
{
    __u8 protocol = packet->tuple.protocol;
    struct tg_opening opening = {
        .allowed = true,
        .tcp_state = TG_TCP_STATE_NONE,
        .timeout = tg_plain_timeout(protocol, false),
    };

    if (protocol == TG_PROTOCOL_TCP) {
        __u8 segment = tg_tcp_segment(packet->tcp_flags);
        __u8 state = tg_tcp_next(TG_ORIGINAL, segment, TG_TCP_STATE_NONE);

        /* A segment in the middle of a connection we do not know is invalid, or taken as such. */
        opening.allowed = state == TG_TCP_STATE_SYN_SENT ||
                          (state == TG_TCP_STATE_ESTABLISHED && switches->loose);
        opening.tcp_state = state;
        opening.timeout = tg_tcp_timeout(state);
    } else if (tg_tuple_is_icmp(&packet->tuple)) {
        opening.allowed = tg_icmp_role(protocol, packet->icmp_type) == TG_ICMP_REQUEST;
    }
    return opening;
}

/* Whether a connection is given up for a new one when the table is full; see enum tg_early_drop. */
TG_INLINE bool tg_conn_gives_way(__u8 protocol, __u64 word, __u32 early_drop)
{
    __u16 flags = tg_word_flags(word);

    if (early_drop == TG_EARLY_DROP_NO)
        return false;
    if (protocol == TG_PROTOCOL_TCP && !(flags & TG_CONN_COMPLETE))
        return true;
    return early_drop == TG_EARLY_DROP_ALL && !(flags & TG_CONN_FLAG_SEEN_REPLY);
}
