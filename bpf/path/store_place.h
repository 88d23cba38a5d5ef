/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The stores that give a connection its place in the table, and take it away. */
#pragma once

#include "path/link.h"
#include "path/slab.h"
#include "path/store_write.h"

/* The generation stays, so that nobody's swap succeeds on the record's next life. */
TG_INLINE void tg_store_free(struct tg_conn *conn, __u64 now)
{
    __u32 id = conn->id;

    *(volatile __u64 *)&conn->word = (__u64)tg_word_generation(conn->word)
                                     << TG_WORD_GENERATION_SHIFT;
    tg_slab_give(id, now);
}

/* A record that its opener could not take out of the index again; confirmed, or nobody sees it. */
#define TG_STORE_UNBORN                                                                            \
    ((__u64)(TG_CONN_FLAG_CONFIRMED | TG_CONN_FLAG_DYING | TG_CONN_UNFINISHED |                    \
             TG_CONN_REPLY_ONLY)                                                                   \
     << TG_WORD_FLAGS_SHIFT)

/* From pending to confirmed in one step: a pending record is nobody else's to end. */
#define TG_STORE_CONFIRM ((__u64)(TG_CONN_PENDING | TG_CONN_FLAG_CONFIRMED) << TG_WORD_FLAGS_SHIFT)

/*
 * Hangs a new record into the index, by both tuples if one is no mirror of the other. -TG_EBUSY: it
 * hangs there by its reply and should not, and other CPUs were faster again and again.
 */
TG_INLINE int tg_store_link(__u32 id, __u16 flags)
{
    bool translated = flags & TG_CONN_TRANSLATED;
    int error = translated ? tg_link(id, TG_REPLY) : 0;

    if (error)
        return error == -TG_EEXIST ? -TG_EADDRINUSE : error;
    error = tg_link(id, TG_ORIGINAL);
    if (error && translated && !tg_unlink(id, TG_REPLY))
        return -TG_EBUSY;
    return error;
}

/*
 * Gives a record to the connection and hangs it into the index. Its id, or a negative errno:
 * -TG_EEXIST if its original tuple is in the table, -TG_EADDRINUSE if that of its translated reply
 * is. It hangs there by its reply first: whoever finds it by its original tuple finds it complete.
 */
__noinline int tg_store_insert(const struct tg_conn *pending, __u32 ticks_per_second)
{
    struct tg_conn *conn;
    int error;
    __u32 id;

    if (!pending)
        return -TG_ENOSPC;
    id = tg_slab_take(pending->created, ticks_per_second);
    conn = id ? tg_record(id) : NULL;
    if (!conn)
        return -TG_ENOSPC;
    *conn = *pending;
    conn->id = id;
    error = tg_store_link(id, tg_word_flags(pending->word));
    if (error == -TG_EBUSY) {
        /* The sweep takes it out. Its id is nobody else's before that. */
        __sync_fetch_and_or(&conn->word, TG_STORE_UNBORN);
        return -TG_ENOSPC;
    }
    if (error) {
        tg_store_free(conn, pending->created);
        return error;
    }
    /* Before it can end. */
    if (tg_listened())
        tg_store_event(id, conn->word ^ TG_STORE_CONFIRM, TG_EVENT_NEW);
    __sync_fetch_and_xor(&conn->word, TG_STORE_CONFIRM);
    return (int)id;
}

/*
 * Takes a record that its caller has made dying out of the index and gives it back; false: the
 * sweep has to try again. Nobody else changes the word of a dying one.
 */
TG_INLINE bool tg_store_delete(struct tg_conn *conn, __u64 now)
{
    const __u64 unfinished = (__u64)TG_CONN_UNFINISHED << TG_WORD_FLAGS_SHIFT;
    const __u64 translated = (__u64)TG_CONN_TRANSLATED << TG_WORD_FLAGS_SHIFT;
    __u64 word = *(volatile __u64 *)&conn->word;

    if (word & translated) {
        if (!tg_unlink(conn->id, TG_REPLY)) {
            __sync_fetch_and_or(&conn->word, unfinished);
            return false;
        }
        /* Whoever goes on with what stays unfinished below must not look for it there. */
        __sync_fetch_and_and(&conn->word, ~translated);
    }
    if (!(word & (__u64)TG_CONN_REPLY_ONLY << TG_WORD_FLAGS_SHIFT) &&
        !tg_unlink(conn->id, TG_ORIGINAL)) {
        __sync_fetch_and_or(&conn->word, unfinished);
        return false;
    }
    tg_store_free(conn, now);
    return true;
}
