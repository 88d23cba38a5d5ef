// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Run by the agent: removes connections, and moves them to another index.
#include "path/context.h"
#include "path/maps.h"

#include "path/move.h"
#include "path/table.h"

TG_INLINE bool tg_sweep_due(const struct tg_conn *conn, __u64 word, bool force, __u64 now)
{
    struct tg_moment moment = tg_moment_of(tg_bank_in_force());

    return tg_word_lives(word, TG_CONN_FLAG_CONFIRMED) &&
           (force || tg_conn_overdue(conn, word, now, &moment));
}

/* Takes over what its closer could not finish; false: it is not so, or another run was faster. */
TG_INLINE bool tg_sweep_inherit(struct tg_conn *conn, __u64 word)
{
    __u64 unfinished = (__u64)TG_CONN_UNFINISHED << TG_WORD_FLAGS_SHIFT;

    return (word & unfinished) && tg_store_word(conn, word, word & ~unfinished);
}

/* 1 if the connection was removed by this call. */
__noinline int tg_sweep_one(const struct tg_sweep_key *asked)
{
    __u64 now = bpf_jiffies64(), word;
    struct tg_conn *conn;

    if (!asked)
        return 0;
    conn = tg_record(asked->id);
    if (!conn)
        return 0;
    word = *(volatile __u64 *)&conn->word;
    if (tg_word_generation(word) != asked->generation)
        return 0;
    if (tg_sweep_due(conn, word, asked->force, now))
        return tg_conn_close(conn, word, now);
    if (tg_sweep_inherit(conn, word))
        tg_store_delete(conn, now);
    return 0;
}

/*
 * The packet is struct tg_sweep_key[]: removes the connections among them that are overdue, or
 * all of them if forced. Returns how many it removed.
 */
SEC("tc")
int sweep(struct __sk_buff *ctx)
{
    int removed = 0;

    for (__u32 i = 0; i < TG_LIMIT_SWEEP_KEYS; i++) {
        struct tg_sweep_key asked;

        if (!tg_ctx_load(ctx, i * (__u32)sizeof(asked), &asked, sizeof(asked)))
            break;
        removed += tg_sweep_one(&asked);
    }
    return removed;
}

/*
 * The packet is a struct tg_move_range: moves all that hangs behind these heads of the index that
 * is left into the one in force. Returns how many heads could not be emptied.
 */
SEC("tc")
int move(struct __sk_buff *ctx)
{
    struct tg_move_range range;

    return tg_ctx_load(ctx, 0, &range, sizeof(range)) ? (int)tg_move(&range) : -1;
}

char tg_license[] SEC("license") = "Dual BSD/GPL";
