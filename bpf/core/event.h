/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which changes of a connection are worth telling. */
#pragma once

#include "core/base.h"
#include "tidegate/event.h"

#define TG_EVENT_FLAGS ((1u << TG_CONN_FLAG_COUNT) - 1) /* those that users see */

/* What the step from one state word to the next is; TG_EVENT_COUNT: nothing. */
TG_INLINE __u32 tg_event_of(__u64 old, __u64 word)
{
    __u32 changed = (__u32)(tg_word_flags(old) ^ tg_word_flags(word)) & TG_EVENT_FLAGS;

    if (changed & TG_CONN_FLAG_DYING)
        return TG_EVENT_DESTROY;
    if (changed || tg_word_tcp_state(old) != tg_word_tcp_state(word))
        return TG_EVENT_UPDATE;
    return TG_EVENT_COUNT;
}
