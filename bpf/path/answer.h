/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether the sender of a dropped packet is told: by the rules for ICMP errors, and their rate. */
#pragma once

#include "core/icmp_error.h"
#include "core/rate.h"
#include "path/bank.h"
#include "path/context.h"
#include "path/source_rate.h"
#include "path/store.h"

/* A token for an error under this reason: one of its source, and one of all. */
TG_INLINE bool tg_answer_token(const struct tg_packet *packet, __u32 reason)
{
    __u32 bucket = tg_source_hash(&packet->tuple) & (TG_LIMIT_ERROR_SOURCES - 1);
    __u32 ticks = tg_ticks_per_second();

    if (reason == TG_REASON_TOO_BIG)
        return tg_store_take(TG_RATE_TOO_BIG, packet->now,
                             tg_rate_interval(ticks, TG_LIMIT_ERRORS_PER_SECOND),
                             TG_LIMIT_ERRORS_BURST);
    return tg_store_take(TG_RATE_SOURCES + bucket, packet->now,
                         tg_rate_interval(ticks, TG_LIMIT_SOURCE_ERRORS_PER_SECOND),
                         TG_LIMIT_SOURCE_ERRORS_BURST) &&
           tg_store_take(TG_RATE_OTHERS, packet->now,
                         tg_rate_interval(ticks, TG_LIMIT_ERRORS_PER_SECOND),
                         TG_LIMIT_ERRORS_BURST);
}

/* Asked once for each packet that is dropped with an answer; a no is counted here. */
__noinline int tg_answer_due(struct tg_packet *packet, __u32 reason)
{
    if (!packet)
        return 0;
    if (!tg_icmp_error_due(packet)) {
        tg_store_count_answer(TG_ANSWER_UNDUE, packet->packets, packet->bytes);
        return 0;
    }
    if (!tg_answer_token(packet, reason)) {
        tg_store_count_answer(TG_ANSWER_LIMITED, packet->packets, packet->bytes);
        return 0;
    }
    return 1;
}
