/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What rules of mangle change of a packet, beside the marks that only rules see. */
#pragma once

#include <linux/types.h>

#include "tidegate/assert.h"

/* Of tg_edits.changed: what the packet has to get written into it. */
#define TG_EDIT_DSCP 1u
#define TG_EDIT_TTL  2u
#define TG_EDIT_DF   4u /* IPv4's don't-fragment bit is cleared */
#define TG_EDIT_MSS  8u

/* As it stands after the rules so far. */
struct tg_edits {
    __u32 routing_mark;    /* 0: none */
    __u16 mss;             /* what a SYN will offer */
    __be16 identification; /* of what may be fragmented now and had none; 0: it keeps its own */
    __u8 tos;              /* or traffic class */
    __u8 route_tos;        /* the same when the way was looked up; what it becomes later is not */
    __u8 ttl;              /* or hop limit; of a forwarded packet without this router's hop */
    __u8 priority;         /* 0..63 */
    __u8 prioritised;      /* 1: a rule has said which */
    __u8 changed;          /* TG_EDIT_* */
    __u16 zero;
};

TG_ASSERT(sizeof(struct tg_edits) == 16, "no padding: it is part of records that others read");
