// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Candidate (b): a BPF hash with the canonical key of either direction; the tuple of a translated
// connection's answers has an entry of its own that says where the connection is. Preallocated or
// not, and how much a value holds, is up to the runner.
#include "table_base.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1);
    __uint(key_size, sizeof(struct table_key));
    __uint(value_size, sizeof(struct table_conn));
} table_conns SEC(".maps");

struct table_conn table_alias; /* for one CPU */

TG_INLINE bool table_aliased(const struct table_conn *entry)
{
    return tg_word_flags(entry->conn.word) & TABLE_FLAG_ALIAS;
}

static __always_inline bool table_find(const struct tg_tuple *tuple, struct table_use *use)
{
    struct table_conn *found;
    struct table_key key;
    bool reply;

    table_tuple_key(tuple, &key);
    found = bpf_map_lookup_elem(&table_conns, &key);
    if (!found)
        return false;
    reply = true;
    if (table_aliased(found)) {
        table_tuple_key(&found->conn.original, &key);
        found = bpf_map_lookup_elem(&table_conns, &key);
        if (!found)
            return false;
    } else {
        reply = table_tuple_direction(tuple, &found->conn.original) == TG_REPLY;
    }
    use->word = &found->conn.word;
    use->last_seen = &found->conn.last_seen;
    use->counter = &found->conn.counters[reply ? TG_REPLY : TG_ORIGINAL];
    return true;
}

static __always_inline bool table_insert(const struct table_conn *conn, bool nat)
{
    struct table_key key, alias;

    table_tuple_key(&conn->conn.original, &key);
    if (bpf_map_update_elem(&table_conns, &key, conn, BPF_NOEXIST))
        return false;
    if (!nat)
        return true;
    table_alias.conn.word = (__u64)TABLE_FLAG_ALIAS << TG_WORD_FLAGS_SHIFT;
    table_alias.conn.original = conn->conn.original;
    table_tuple_key(&conn->conn.reply, &alias);
    if (!bpf_map_update_elem(&table_conns, &alias, &table_alias, BPF_NOEXIST))
        return true;
    bpf_map_delete_elem(&table_conns, &key);
    return false;
}

static __always_inline bool table_delete(const struct tg_tuple *original)
{
    struct table_key key, alias;
    struct table_conn *found;

    table_tuple_key(original, &key);
    found = bpf_map_lookup_elem(&table_conns, &key);
    if (!found)
        return false;
    if (tg_word_flags(found->conn.word) & (TG_CONN_FLAG_SRCNAT | TG_CONN_FLAG_DSTNAT)) {
        table_tuple_key(&found->conn.reply, &alias);
        if (bpf_map_delete_elem(&table_conns, &alias))
            return false;
    }
    return bpf_map_delete_elem(&table_conns, &key) == 0;
}

#include "table_program.h"
