/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `explain` is asked, and what it answers about one packet that is not really there. */
#pragma once

#include "tidegate/conn.h"

/*
 * The question is the test run's context: cb[TG_EXPLAIN_WITHOUT] is the id of a connection that
 * counts as gone, 0 if all count. Then the frame has a link header, whatever its interface has.
 */
#define TG_EXPLAIN_WITHOUT 0u

#define TG_RECORD_RULES 16u /* rules that count the packet, remembered in order */

/* What the packet would have changed: of the CPU that the program has run on. */
struct tg_record {
    struct tg_conn conn; /* as it would be inserted */
    __u64 word;          /* state word the connection would have */
    __u32 mark;          /* … and, if marked is 1, the mark */
    __u32 marked;
    __u32 inserted;
    __u32 deleted;
    __u32 gone;    /* id of the last one deleted */
    __s32 counted; /* connections there would be more, or fewer */
    __u32 reason;
    __u32 rule_count;
    __u32 rules[TG_RECORD_RULES];
};
