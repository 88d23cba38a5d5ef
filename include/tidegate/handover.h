/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What XDP tells TC ingress of a packet it has judged and could not finish: its metadata. */
#pragma once

#include <linux/types.h>

#include "tidegate/assert.h"
#include "tidegate/edits.h"
#include "tidegate/verdict.h"

#define TG_HANDOVER_MAGIC 0x74674a32u

#define TG_HANDOVER_TAGGED    1u /* XDP has seen a VLAN tag */
#define TG_HANDOVER_TRANSLATE 2u /* TC has to translate it */
#define TG_HANDOVER_UNSOURCED 4u /* its new source is TC egress's work */

/*
 * Lies right before the frame. A packet without it, or with another instance's, was not judged; nor
 * was one that was passed on to an interface above, a VLAN's or a macvlan's, which sees it too.
 * Packets of one flow carry the same bytes, so that the stack may still merge them.
 */
struct tg_handover {
    __u32 magic;           /* 0 while XDP has not decided */
    __u32 instance;        /* tg_layout.instance */
    __u32 ifindex;         /* of the interface XDP has judged it on */
    __u16 mtu;             /* of the path, if the packet is too big */
    __u8 reason;           /* enum tg_reason */
    __u8 flags;            /* TG_HANDOVER_* */
    struct tg_edits edits; /* what is still to be changed */
};

TG_ASSERT(TG_REASON_COUNT <= 256, "a reason is a byte here");
TG_ASSERT(sizeof(struct tg_handover) % 4 == 0 && sizeof(struct tg_handover) <= 32,
          "the kernel's bounds of metadata");
