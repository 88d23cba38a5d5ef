/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a rule with log=yes tells the agent of a packet that it has matched. */
#pragma once

#include "tidegate/assert.h"
#include "tidegate/limits.h"
#include "tidegate/tuple.h"

struct tg_log_line {
    __u64 bank; /* whose rule it is */
    __u32 rule; /* rule id */
    __u32 in_ifindex;
    __u32 out_ifindex;          /* 0: not known there */
    __u32 length;               /* of the IP packet, all segments of many */
    struct tg_tuple tuple;      /* as on the wire */
    struct tg_tuple translated; /* as it leaves, as far as that is decided: see TG_LOG_TRANSLATED */
    __u8 connection_state;      /* enum tg_connection_state; not known in raw yet */
    __u8 tcp_flags;
    __u8 icmp_type;
    __u8 icmp_code;
    __u8 flags; /* TG_LOG_* */
    __u8 src_mac[6];
    __u8 zero[5];
};

#define TG_LOG_SRC_MAC    1u  /* the frame's source is known */
#define TG_LOG_L4         2u  /* it has an L4 header that can be trusted */
#define TG_LOG_LATER      4u  /* a second or further fragment */
#define TG_LOG_TRANSLATED 8u  /* it belongs to a connection that is, or opens one */
#define TG_LOG_HALFWAY    16u /* … and the chain has seen its new destination */

TG_ASSERT(sizeof(struct tg_log_line) == 120, "log line layout");
TG_ASSERT((TG_LIMIT_LOG_BYTES & (TG_LIMIT_LOG_BYTES - 1)) == 0, "the kernel wants it so");
