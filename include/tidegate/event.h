/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What happens to connections, as the datapath tells it to an agent that listens. */
#pragma once

#include "tidegate/conn.h"

/* X(NAME, name) */
#define TG_EVENTS(X)                                                                               \
    X(NEW, "new")                                                                                  \
    X(UPDATE, "update") /* its TCP state or one of its flags has changed */                        \
    X(DESTROY, "destroy")

enum tg_event_kind {
#define TG_X(name, text) TG_EVENT_##name,
    TG_EVENTS(TG_X)
#undef TG_X
        TG_EVENT_COUNT,
};

/*
 * One of them. What two CPUs do to one connection at the same moment may be told in either order,
 * but for its beginning, which is told first, and its end.
 */
struct tg_event {
    __u64 time; /* jiffies */
    __u32 kind; /* enum tg_event_kind */
    __u32 zero;
    struct tg_conn conn; /* with the state word of the event */
};

TG_ASSERT(sizeof(struct tg_event) == 272, "event layout");
TG_ASSERT((TG_LIMIT_EVENT_BYTES & (TG_LIMIT_EVENT_BYTES - 1)) == 0, "the kernel wants it so");
