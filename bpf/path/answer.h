/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether the sender of a dropped packet is told: by the rules for ICMP errors, and their rate. */
#pragma once

#include "core/icmp_error.h"
#include "core/rate.h"
#include "path/bank.h"
#include "path/context.h"
#include "path/store.h"

/* The bucket of a source: IPv4 address or IPv6 /64. Who shares one cannot be foretold. */
TG_INLINE __u32 tg_rate_of_source(const struct tg_tuple *tuple, __u32 instance)
{
    bool ipv4 = tuple->family == TG_FAMILY_IPV4;
    __u32 hash = (ipv4 ? tuple->src.words[3] : tuple->src.words[0]) ^ instance;

    hash = (hash ^ hash >> 16) * 0x7feb352d;
    hash ^= ipv4 ? 0 : tuple->src.words[1];
    hash = (hash ^ hash >> 15) * 0x846ca68b;
    return TG_RATE_SOURCES + ((hash ^ hash >> 16) & (TG_LIMIT_ERROR_SOURCES - 1));
}

/* A token for an error under this reason: one of its source, and one of all. */
TG_INLINE bool tg_answer_token(const struct tg_packet *packet, __u32 reason)
{
    __u32 zero = 0;
    struct tg_layout *layout = bpf_map_lookup_elem(&tg_layout, &zero);
    __u32 ticks;

    if (!layout)
        return false;
    ticks = layout->ticks_per_second;
    if (reason == TG_REASON_TOO_BIG)
        return tg_store_take(TG_RATE_TOO_BIG, packet->now,
                             tg_rate_interval(ticks, TG_LIMIT_ERRORS_PER_SECOND),
                             TG_LIMIT_ERRORS_BURST);
    return tg_store_take(tg_rate_of_source(&packet->tuple, layout->instance), packet->now,
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
