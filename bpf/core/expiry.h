/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* When a connection is over: the one definition for datapath, sweep and print. */
#pragma once

#include "core/base.h"

/*
 * Ticks until a connection last seen at `last_seen` expires, both in jiffies; 0: it is overdue. A
 * `now` before `last_seen` (another CPU has just refreshed it) counts as no time passed.
 */
TG_INLINE __u64 tg_ticks_left(__u64 now, __u64 last_seen, __u32 timeout_seconds,
                              __u32 ticks_per_second)
{
    __u64 timeout = (__u64)timeout_seconds * ticks_per_second;
    __u64 idle = now > last_seen ? now - last_seen : 0;

    return idle < timeout ? timeout - idle : 0;
}

TG_INLINE bool tg_overdue(__u64 now, __u64 last_seen, __u32 timeout_seconds, __u32 ticks_per_second)
{
    return tg_ticks_left(now, last_seen, timeout_seconds, ticks_per_second) == 0;
}

/*
 * Whether `last_seen` is old enough to be worth a store: later than min(1 s, timeout/8), so that
 * a busy connection does not move its cache line between CPUs with every packet.
 */
TG_INLINE bool tg_refresh_due(__u64 now, __u64 last_seen, __u32 timeout_seconds,
                              __u32 ticks_per_second)
{
    __u64 lag = (__u64)timeout_seconds * ticks_per_second / 8;

    if (lag > ticks_per_second)
        lag = ticks_per_second;
    return now > last_seen + lag;
}
