// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Run by the agent with struct tg_sweep_key[] as its packet: removes the connections among them
// that are overdue, or all of them if forced. Returns how many it removed.
#include "path/context.h"
#include "path/maps.h"

#include "core/expiry.h"
#include "path/table.h"

TG_INLINE bool tg_sweep_due(const struct tg_conn *conn, __u64 word,
                            const struct tg_sweep_key *asked, __u64 bank)
{
    if (tg_word_generation(word) != asked->generation)
        return false;
    return asked->force ||
           tg_overdue(bpf_jiffies64(), *(volatile __u64 *)&conn->last_seen,
                      tg_timeout_seconds(tg_bank_settings(bank), tg_word_timeout(word)),
                      tg_ticks_per_second());
}

/* 1 if the connection was removed by this call. */
__noinline int tg_sweep_one(const struct tg_sweep_key *asked)
{
    struct tg_conn_key key;
    struct tg_conn *conn;
    __u64 word;

    if (!asked)
        return 0;
    key = asked->key;
    conn = tg_conn_find(&key);
    if (!conn)
        return 0;
    word = *(volatile __u64 *)&conn->word;
    return tg_sweep_due(conn, word, asked, tg_bank_in_force()) && tg_conn_close(&key, conn, word);
}

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

char tg_license[] SEC("license") = "Dual BSD/GPL";
