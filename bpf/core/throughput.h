/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How fast a connection is: what its byte counters gained in the last second, not averaged over
 * more. The datapath samples them with the first packet that refreshes the connection a second or
 * more after the last sample; who reads looks at the counters since then.
 */
#pragma once

#include "core/base.h"
#include "tidegate/conn.h"

/* Whether the sample is old enough for the next. */
TG_INLINE bool tg_throughput_due(__u64 now, __u64 sampled, __u32 ticks_per_second)
{
    return now >= sampled + ticks_per_second;
}

/*
 * Bytes a second by what a counter has gained since it was sampled `elapsed` ticks ago, at least
 * one second. A gain of two seconds or more tells nothing of the last one. Exact up to 2^31 bytes a
 * second, 17 Gbit/s, since the sample has the lower half of the counter only.
 */
TG_INLINE __u32 tg_throughput_rate(__u64 bytes, __u32 sampled_bytes, __u64 elapsed,
                                   __u32 ticks_per_second)
{
    if (elapsed >= 2ull * ticks_per_second || !elapsed)
        return 0;
    return (__u32)((__u64)((__u32)bytes - sampled_bytes) * ticks_per_second / elapsed);
}

/* What a direction of a record shows at `now`. */
TG_INLINE __u32 tg_throughput_now(const struct tg_conn *conn, __u32 direction, __u64 now,
                                  __u32 ticks_per_second)
{
    const struct tg_throughput *last = &conn->throughput;
    __u64 elapsed = now > last->sampled ? now - last->sampled : 0;

    if (elapsed < ticks_per_second)
        return last->rates[direction];
    return tg_throughput_rate(conn->counters[direction].bytes, last->bytes[direction], elapsed,
                              ticks_per_second);
}
