/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A token bucket in one word: the time at which it is full again. */
#pragma once

#include "core/base.h"

/* The time is in 1024ths of a tick, so that a tick may bring more than one token. */
#define TG_RATE_SHIFT 10

/* The time one token takes to come back; never more than `per_second` do. */
TG_INLINE __u64 tg_rate_interval(__u32 ticks_per_second, __u32 per_second)
{
    return (((__u64)ticks_per_second << TG_RATE_SHIFT) + per_second - 1) / per_second;
}

/*
 * Whether the bucket of `burst` tokens has one at tick `now`; `word` becomes what it is without.
 * The word of a bucket nobody has used is 0.
 */
TG_INLINE bool tg_rate_take(__u64 *word, __u64 now, __u64 interval, __u32 burst)
{
    __u64 time = now << TG_RATE_SHIFT;
    __u64 full = *word > time ? *word : time;

    if (full - time > (burst - 1) * interval)
        return false;
    *word = full + interval;
    return true;
}
