/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Network address translation: what the datapath and the agent both know of it. */
#pragma once

#include "tidegate/assert.h"
#include "tidegate/limits.h"
#include "tidegate/tuple.h"

/* Of the probes for a port in a large range, so many are anywhere; the others one after another. */
#define TG_NAT_SCATTERED 16u

/* Where the next search goes on, by the hash of external address, protocol and remote end. */
#define TG_NAT_CURSORS 1024u /* a power of two */

/* The ports a connection may get: low … low + size - 1, host order. size 0: it has none. */
struct tg_nat_ports {
    __u32 low;
    __u32 size;
    __u32 mappings;  /* 1: those that mappings have are not given out */
    __u32 scattered; /* by chance, if the port it came with is not kept; 0: it is if it can */
};

/*
 * A mapping of endpoint-independent-nat: that an inner address and port is an external address and
 * port to all the world, for as long as a connection needs it and udp-stream-timeout longer. It is
 * a record of the connection table to which no packet belongs (tg_tuple.mapping is 1):
 *
 *   original  inner address:port > external address:0
 *   reply     nobody (0.0.0.0 or ::):0 > external address:port
 *
 * By either it is the only one, since a tuple has one record. Each connection knows its mappings,
 * and whatever refreshes the connection refreshes them.
 */
enum tg_mapped_end {
    TG_MAPPED_SOURCE,      /* what its source has become */
    TG_MAPPED_DESTINATION, /* where its destination was */
    TG_MAPPED_COUNT,
};

/* A mapping in a connection that has to do with it, while it has this generation. */
struct tg_mapped {
    __u32 id; /* 0: none */
    __u32 generation;
};

/*
 * A packet that the kernel forwards, between its new destination and its new source. What may be
 * cut into pieces on the way is known by its identification, all else by its ports.
 */
struct tg_unsourced {
    struct tg_tuple tuple;
    __be32 identification;
    __u32 zero;
};

/* … and the source it will have. */
struct tg_source {
    struct tg_addr address;
    __be16 port;
    __u16 zero[3];
};

TG_ASSERT(sizeof(struct tg_unsourced) == 48 && sizeof(struct tg_source) == 24, "no padding");
TG_ASSERT((TG_NAT_CURSORS & (TG_NAT_CURSORS - 1)) == 0, "for the mask");
TG_ASSERT(TG_NAT_SCATTERED < TG_LIMIT_NAT_PROBES, "some are left");
