/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finish, what is alike in all hooks: keeps what the packet opened and settles its reason. */
#pragma once

#include "core/reason.h"
#include "path/confirm.h"
#include "path/context.h"
#include "path/fragment.h"

/* See tg_settle. */
__noinline int tg_settle_first(tg_ctx *ctx, struct tg_packet *packet, __u32 reason)
{
    if (!packet)
        return TG_REASON_NO_SCRATCH;
    if (tg_packet_is(packet, TG_PACKET_PENDING) && tg_reason_accepts(reason)) {
        __u32 refusal = (__u32)tg_conn_confirm(ctx, packet);

        if (refusal)
            reason = refusal;
    }
    if (tg_packet_is(packet, TG_PACKET_FIRST_PIECE))
        tg_fragment_remember(packet, reason);
    if (!packet->bank) {
        if (tg_reason_refuses(reason))
            reason = TG_REASON_NOT_ARMED;
        if (reason == TG_REASON_FORWARD)
            reason = TG_REASON_FORWARD_STACK;
    }
    return (int)reason;
}

/*
 * The reason that is final: opens the pending connection of an accepted packet, remembers the
 * verdict on a first fragment, and takes back drops and rewriting while nothing is committed.
 * Nothing of this is about the packets in the middle of a connection.
 */
TG_INLINE int tg_settle(tg_ctx *ctx, struct tg_packet *packet, __u32 reason)
{
    if (packet->bank && !tg_packet_is(packet, TG_PACKET_PENDING | TG_PACKET_FIRST_PIECE))
        return (int)reason;
    return tg_settle_first(ctx, packet, reason);
}

/* By whoever ends the packet's way, so that it is counted once. */
TG_INLINE void tg_count(const struct tg_packet *packet, __u32 reason)
{
    tg_store_count_reason(reason, packet->packets, packet->bytes);
    if (reason == TG_REASON_FORWARD_STACK)
        tg_store_count_stack(tg_packet_is(packet, TG_PACKET_EGRESS) ? packet->in_ifindex
                                                                    : packet->hook_ifindex,
                             packet->packets);
}
