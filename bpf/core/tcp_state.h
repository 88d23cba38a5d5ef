/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The life of a TCP connection as a table: state × direction × kind of segment. */
#pragma once

#include "core/base.h"
#include "core/parse_l4.h"
#include "tidegate/conn.h"
#include "tidegate/timeout.h"

/* What a segment is to the state machine; the flags decide. */
enum tg_segment {
    TG_SEGMENT_SYN,
    TG_SEGMENT_SYN_ACK,
    TG_SEGMENT_FIN,
    TG_SEGMENT_ACK,
    TG_SEGMENT_RST,
    TG_SEGMENT_COUNT,
};

/* `flags` have passed tg_tcp_flags_possible. */
TG_INLINE enum tg_segment tg_tcp_segment(__u8 flags)
{
    if (flags & TG_TCP_RST)
        return TG_SEGMENT_RST;
    if (flags & TG_TCP_SYN)
        return flags & TG_TCP_ACK ? TG_SEGMENT_SYN_ACK : TG_SEGMENT_SYN;
    return flags & TG_TCP_FIN ? TG_SEGMENT_FIN : TG_SEGMENT_ACK;
}

/* States are looked up by their lower four bits, so that no index leaves a table. */
#define TG_TCP_STATE_SLOTS 16
TG_ASSERT(TG_TCP_STATE_COUNT <= TG_TCP_STATE_SLOTS, "every state has its column");

/* Answers of the table beside the next state. */
#define TG_TCP_INVALID 0xfd /* the segment cannot belong to a connection in this state */
#define TG_TCP_KEEP    0xfe /* let through without being believed: the other end will answer it */
#define TG_TCP_REOPEN  0xff /* opens a new connection if this one was closed, or else as KEEP */

#define NO TG_TCP_STATE_NONE
#define SS TG_TCP_STATE_SYN_SENT
#define SR TG_TCP_STATE_SYN_RECV
#define ES TG_TCP_STATE_ESTABLISHED
#define FW TG_TCP_STATE_FIN_WAIT
#define CW TG_TCP_STATE_CLOSE_WAIT
#define LA TG_TCP_STATE_LAST_ACK
#define TW TG_TCP_STATE_TIME_WAIT
#define CL TG_TCP_STATE_CLOSE
#define S2 TG_TCP_STATE_SYN_SENT2
#define IV TG_TCP_INVALID
#define KP TG_TCP_KEEP
#define RO TG_TCP_REOPEN

/*
 * The model of Linux's connection tracker, so that the states mean what administrators know:
 * fin-wait after a first FIN, close-wait once it is acknowledged, last-ack after the second FIN,
 * time-wait after its acknowledgement. A SYN inside a living connection is kept for the other end
 * to challenge (RFC 5961); syn-sent2 is a simultaneous open.
 */
static const __u8 tg_tcp_table[TG_DIRECTION_COUNT][TG_SEGMENT_COUNT][TG_TCP_STATE_SLOTS] =
    {
        [TG_ORIGINAL] =
            {
                /*                      -   SS  SR  ES  FW  CW  LA  TW  CL  S2 */
                [TG_SEGMENT_SYN] = {SS, SS, KP, KP, KP, KP, KP, RO, RO, S2},
                [TG_SEGMENT_SYN_ACK] = {IV, IV, SR, IV, IV, IV, IV, IV, IV, SR},
                [TG_SEGMENT_FIN] = {IV, IV, FW, FW, LA, LA, LA, TW, CL, IV},
                [TG_SEGMENT_ACK] = {ES, IV, ES, ES, CW, CW, TW, TW, CL, IV},
                [TG_SEGMENT_RST] = {IV, CL, CL, CL, CL, CL, CL, CL, CL, CL},
            },
        [TG_REPLY] =
            {
                /*                      -   SS  SR  ES  FW  CW  LA  TW  CL  S2 */
                [TG_SEGMENT_SYN] = {IV, S2, IV, IV, IV, IV, IV, RO, IV, S2},
                [TG_SEGMENT_SYN_ACK] = {IV, SR, KP, KP, KP, KP, KP, KP, KP, SR},
                [TG_SEGMENT_FIN] = {IV, IV, FW, FW, LA, LA, LA, TW, CL, IV},
                [TG_SEGMENT_ACK] = {IV, KP, SR, ES, CW, CW, TW, TW, CL, KP},
                [TG_SEGMENT_RST] = {IV, CL, CL, CL, CL, CL, CL, CL, CL, CL},
            },
};

#undef NO
#undef SS
#undef SR
#undef ES
#undef FW
#undef CW
#undef LA
#undef TW
#undef CL
#undef S2
#undef IV
#undef KP
#undef RO

/* The state after `segment`, or one of the three answers above. Bad arguments are invalid. */
TG_INLINE __u8 tg_tcp_next(__u8 direction, __u8 segment, __u8 state)
{
    if (direction >= TG_DIRECTION_COUNT || segment >= TG_SEGMENT_COUNT ||
        state >= TG_TCP_STATE_COUNT)
        return TG_TCP_INVALID;
    return tg_tcp_table[direction][segment][tg_opaque(state) & (TG_TCP_STATE_SLOTS - 1)];
}

/* The timeout class of a state. */
static const __u8 tg_tcp_timeouts[TG_TCP_STATE_SLOTS] = {
    [TG_TCP_STATE_NONE] = TG_TIMEOUT_GENERIC,
    [TG_TCP_STATE_SYN_SENT] = TG_TIMEOUT_TCP_SYN_SENT,
    [TG_TCP_STATE_SYN_RECV] = TG_TIMEOUT_TCP_SYN_RECEIVED,
    [TG_TCP_STATE_ESTABLISHED] = TG_TIMEOUT_TCP_ESTABLISHED,
    [TG_TCP_STATE_FIN_WAIT] = TG_TIMEOUT_TCP_FIN_WAIT,
    [TG_TCP_STATE_CLOSE_WAIT] = TG_TIMEOUT_TCP_CLOSE_WAIT,
    [TG_TCP_STATE_LAST_ACK] = TG_TIMEOUT_TCP_LAST_ACK,
    [TG_TCP_STATE_TIME_WAIT] = TG_TIMEOUT_TCP_TIME_WAIT,
    [TG_TCP_STATE_CLOSE] = TG_TIMEOUT_TCP_CLOSE,
    [TG_TCP_STATE_SYN_SENT2] = TG_TIMEOUT_TCP_SYN_SENT,
};

TG_INLINE __u8 tg_tcp_timeout(__u8 state)
{
    return tg_tcp_timeouts[tg_opaque(state) & (TG_TCP_STATE_SLOTS - 1)];
}
