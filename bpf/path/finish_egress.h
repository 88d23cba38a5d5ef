/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finish for TC egress: a packet is translated and goes, or does not. */
#pragma once

#include "path/edit.h"
#include "path/finish.h"
#include "path/parse.h"
#include "path/rewrite_tc.h"
#include "path/send.h"

/* Ends a packet at TC egress. */
TG_INLINE int tg_finish_egress(tg_ctx *ctx, struct tg_packet *packet, int decided)
{
    __u32 reason = (__u32)tg_settle(ctx, packet, (__u32)decided);

    if (tg_packet_is(packet, TG_PACKET_TRANSLATED) && !tg_reason_refuses(reason) &&
        !tg_tc_translate(ctx, packet))
        reason = TG_REASON_NAT_FAILED;
    tg_edit(ctx, packet, reason);
    tg_edit_skb(ctx, packet);
    /* What the kernel has forwarded was counted at ingress. */
    if (reason != TG_REASON_NEXT)
        tg_count(packet, reason);
    return tg_reason_refuses(reason) ? TG_TC_DROP : TG_TC_NEXT;
}
