/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The bank: everything one revision of the configuration means to the datapath. */
#pragma once

#include "tidegate/addr.h"
#include "tidegate/assert.h"
#include "tidegate/limits.h"
#include "tidegate/rule.h"
#include "tidegate/timeout.h"

/* Built-in chains. X(NAME, menu's table, chain). */
#define TG_CHAINS(X)                                                                               \
    X(RAW_PREROUTING, "raw", "prerouting")                                                         \
    X(RAW_OUTPUT, "raw", "output")                                                                 \
    X(FILTER_INPUT, "filter", "input")                                                             \
    X(FILTER_FORWARD, "filter", "forward")                                                         \
    X(FILTER_OUTPUT, "filter", "output")                                                           \
    X(NAT_DSTNAT, "nat", "dstnat")                                                                 \
    X(NAT_SRCNAT, "nat", "srcnat")                                                                 \
    X(NAT_INPUT, "nat", "input")                                                                   \
    X(NAT_OUTPUT, "nat", "output")                                                                 \
    X(MANGLE_PREROUTING, "mangle", "prerouting")                                                   \
    X(MANGLE_INPUT, "mangle", "input")                                                             \
    X(MANGLE_FORWARD, "mangle", "forward")                                                         \
    X(MANGLE_OUTPUT, "mangle", "output")                                                           \
    X(MANGLE_POSTROUTING, "mangle", "postrouting")

enum tg_chain_number {
#define TG_X(name, table, chain) TG_CHAIN_##name,
    TG_CHAINS(TG_X)
#undef TG_X
        TG_CHAIN_COUNT,
};

TG_ASSERT(TG_CHAIN_COUNT < 32, "a bit each in a word, and one to spare");

/*
 * A built-in chain: its rules begin at element `first` of the bank. A chain that jumps, and every
 * chain that is jumped to, has a return behind its last rule.
 */
struct tg_chain {
    __u32 first;
    __u32 count; /* elements a walk through it looks at, at most; without jumps: its rules */
};

enum tg_tracking {
    TG_TRACKING_OFF,
    TG_TRACKING_ON,
};

/* What gives way to a new connection when the table is full. X(NAME, word) */
#define TG_EARLY_DROPS(X)                                                                          \
    X(NO, "no")   /* nothing */                                                                    \
    X(TCP, "tcp") /* TCP connections whose handshake is not complete */                            \
    X(ALL, "all") /* and others that were never seen in both directions */

enum tg_early_drop {
#define TG_X(name, word) TG_EARLY_DROP_##name,
    TG_EARLY_DROPS(TG_X)
#undef TG_X
        TG_EARLY_DROP_COUNT,
};

/* Element 0 of a bank. */
struct tg_bank_header {
    __u64 revision;                   /* which revision of the configuration this is */
    __u32 elements;                   /* of the bank, all sections */
    __u32 tracking;                   /* enum tg_tracking */
    __u32 max_connections;            /* both families together */
    __u32 reserve;                    /* on top, for connections the router opens */
    __u32 device_first;               /* first bucket of the interface table */
    __u32 device_mask;                /* bucket = ifindex & device_mask */
    __u32 accept_neighbour_discovery; /* switches of the exceptions, 0 or 1 */
    __u32 accept_dhcp_client;
    __u32 loose_tcp_tracking;   /* 1: a segment in the middle of a connection may open an entry */
    __u32 liberal_tcp_tracking; /* 1: outside the window only resets are invalid */
    __u32 checksum;             /* 1: a packet with a wrong checksum is invalid */
    __u32 early_drop;           /* enum tg_early_drop */
    __u32 mappings;             /* 1: there are rules of endpoint-independent-nat */
    __u32 timeouts[TG_TIMEOUT_SLOTS]; /* seconds, by enum tg_timeout */
    __u8 zero[TG_ELEMENT_BYTES - 60 - 4 * TG_TIMEOUT_SLOTS];
};

/* Element 1 of a bank. */
struct tg_bank_chains {
    struct tg_chain chains[TG_FAMILY_COUNT][TG_CHAIN_COUNT];
    __u32 used[TG_FAMILY_COUNT]; /* bit 1 << enum tg_chain_number: the chain has rules */
    __u8 zero[TG_ELEMENT_BYTES - (8 * TG_CHAIN_COUNT + 4) * TG_FAMILY_COUNT];
};

/* Interface lists an interface is a member of. */
struct tg_device_lists {
    __u32 ifindex; /* 0: the slot is empty */
    __u32 zero;
    __u64 lists; /* bit 1 << list number */
};

/* The compiler sizes the table so that no bucket overflows. */
#define TG_DEVICE_BUCKET 16u
struct tg_device_bucket {
    struct tg_device_lists slots[TG_DEVICE_BUCKET];
    __u8 zero[TG_ELEMENT_BYTES - 16 * TG_DEVICE_BUCKET];
};

union tg_bank_element {
    struct tg_bank_header header;
    struct tg_bank_chains chains;
    struct tg_device_bucket devices;
    struct tg_rule rule;
};

#define TG_BANK_HEADER 0u /* element numbers */
#define TG_BANK_CHAINS 1u
#define TG_BANK_FIRST  2u /* first element of the variable sections */

TG_ASSERT(sizeof(struct tg_bank_header) == TG_ELEMENT_BYTES, "header is one element");
TG_ASSERT(sizeof(struct tg_bank_chains) == TG_ELEMENT_BYTES, "chains are one element");
TG_ASSERT(sizeof(struct tg_device_bucket) == TG_ELEMENT_BYTES, "bucket is one element");
TG_ASSERT(sizeof(union tg_bank_element) == TG_ELEMENT_BYTES, "bank element size");
