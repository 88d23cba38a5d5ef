/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finish for TC egress: nothing is changed there, a packet goes or does not. */
#pragma once

#include "path/finish.h"
#include "path/send.h"

/* Ends a packet at TC egress. */
TG_INLINE int tg_finish_egress(struct tg_packet *packet, int decided)
{
    __u32 reason = (__u32)tg_settle(packet, (__u32)decided);

    tg_count(packet, reason);
    return tg_reason_refuses(reason) ? TG_TC_DROP : TG_TC_NEXT;
}
