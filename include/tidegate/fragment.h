/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Datagrams in fragments: what is remembered of one, and pieces on their way to the agent. */
#pragma once

#include "tidegate/assert.h"
#include "tidegate/edits.h"
#include "tidegate/limits.h"
#include "tidegate/tuple.h"

/* A datagram in fragments; the identification is 16 bits for IPv4, 32 for IPv6. */
struct tg_fragment_key {
    struct tg_addr src;
    struct tg_addr dst;
    __be32 identification;
    __u8 protocol;
    __u8 family;
    __u8 egress; /* 1: seen leaving the router */
    __u8 zero;
};

/* Pieces begin, and all but the last end, at a multiple of a unit. */
#define TG_FRAGMENT_UNIT  8u
#define TG_FRAGMENT_WORDS (65536u / TG_FRAGMENT_UNIT / 64)

/* What was decided on its first piece, and which parts of it have come. */
struct tg_fragment {
    struct tg_tuple tuple;         /* with the ports of the first piece */
    __u64 seen;                    /* jiffies */
    __u32 reason;                  /* enum tg_reason */
    __u32 tracked;                 /* 1: counts for a connection */
    __u32 covered;                 /* units that have come */
    __u32 furthest;                /* the end of the piece that reached furthest */
    __u32 total;                   /* units there are; 0: the last piece has not come */
    __u32 translated;              /* 1: the first piece was, and all others have to be */
    struct tg_edits edits;         /* what rules have made of the first piece */
    __u64 came[TG_FRAGMENT_WORDS]; /* a bit for each unit that has come */
};

/*
 * A record of tg_pieces: a piece that came before its first one. When that has come, a record that
 * is the key alone follows.
 */
struct tg_piece {
    struct tg_fragment_key key;
    __u64 held;          /* jiffies */
    __u32 ifindex;       /* of the interface whose program has held it */
    __u16 length;        /* of the frame */
    __be16 tag_protocol; /* of a VLAN tag beside the frame; 0: there is none */
    __be16 tag_control;
    __u16 zero;
    __u32 bytes; /* as they were counted */
    __u8 frame[TG_LIMIT_PIECE];
};

#define TG_PIECE_RECORD (sizeof(struct tg_piece) + 8u) /* bytes of the ring one takes */

/* What the give_up program is told: so many pieces that were held end under this reason. */
struct tg_given_up {
    __u32 reason; /* enum tg_reason */
    __u32 zero;
    __u64 packets;
    __u64 bytes;
};

/* What became of the pieces that came before their first one. X(NAME, name) */
#define TG_PIECES(X)                                                                               \
    X(HELD, "held")             /* given to the agent */                                           \
    X(REINJECTED, "reinjected") /* judged once their first piece was */                            \
    X(GIVEN_UP, "given-up")     /* dropped by the agent */

enum tg_piece_count {
#define TG_X(name, text) TG_PIECE_##name,
    TG_PIECES(TG_X)
#undef TG_X
        TG_PIECE_COUNT,
};

TG_ASSERT(sizeof(struct tg_fragment_key) == 40, "fragment key layout");
TG_ASSERT(sizeof(struct tg_fragment) == 88 + 8 * TG_FRAGMENT_WORDS, "fragment layout");
TG_ASSERT(sizeof(struct tg_piece) == 2040, "2 KiB of the ring, with the kernel's header");
