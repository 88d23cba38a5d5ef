/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The connection-table candidates: what the runner and their programs say to each other. */
#pragma once

#include <linux/bpf.h>

#include "table_key.h"

/* Sizes the runner sets before it loads a candidate; each uses what it needs. */
struct table_sizes {
    __u32 buckets; /* of the index */
    __u32 heads;   /* a power of two, or of small ones any number */
    __u32 chunks;  /* of the slab */
    __u32 target;  /* where `table_device` sends everything */
};

#define TABLE_CHUNK         8192u /* records in a chunk of the slab, one of them always free */
#define TABLE_SMALL_CHUNK   126u  /* the most that the kernel allocates without page tables */
#define TABLE_SMALL_HEADS   4000u
#define TABLE_STRIPES       1024u
#define TABLE_INLINE_BUCKET 960u /* a line of slots and seven entries of two lines */

/* What one run works on; flows are those of struct bench_traffic, of which this is a part. */
struct table_run {
    __u32 flows;
    __u32 step;
    __u32 next;
    __u32 client; /* host order, with the bits that vary */
    __u32 client_mask;
    __u32 server;
    __u32 server_mask;
    __u16 client_port;
    __u16 server_port;
    __u32 from_server; /* 1: tuples go from the servers to the clients */
    __u32 protocol;
    __u32 family;     /* enum tg_family */
    __u32 nat;        /* 1: connections are translated: answers go to nat_client */
    __u32 nat_client; /* host order */
    __u16 nat_port;
    __u16 zero;
    __u32 operations; /* in one run of the program */
    __u64 good;       /* operations that did what they should */
};

/* What every candidate keeps of a connection: today's record, and room for what is to come. */
struct table_conn {
    struct table_hash_conn conn;
    __u8 windows[72];
};

/* The same in a slab. Lines by use: what identifies the connection and its state; what is counted;
 * the wire. */
struct table_record {
    struct table_key key;
    __u64 word;
    __u64 last_seen;
    __u32 next[2]; /* in a chain, or next[0] in the queue of free ones */
    struct tg_counter counters[TG_DIRECTION_COUNT];
    __u32 hash[2];
    __u64 created;
    __u32 mark;
    __u32 low_opened; /* the lower endpoint of the key sent the first packet */
    __u64 zero;
    struct tg_tuple reply;
    struct tg_tuple original;
    __u8 windows[48];
};

/* Who of a chunk is free: first to last. */
struct table_queue {
    struct bpf_spin_lock lock;
    __u32 first; /* record ids */
    __u32 last;
    __u32 taken; /* how many ever: tells a queue from the same one later */
};

/* Flags of the state word that only the candidates have. */
#define TABLE_FLAG_ALIAS 0x8000u /* the entry only says where the connection is */

TG_ASSERT(sizeof(struct table_conn) == 216, "record of a candidate");
TG_ASSERT(sizeof(struct table_record) == 256, "record of a slab");
