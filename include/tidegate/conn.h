/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A connection: its states, its flags and the one record both directions share. */
#pragma once

#include "tidegate/assert.h"
#include "tidegate/direction.h"
#include "tidegate/limits.h"
#include "tidegate/nat.h"
#include "tidegate/tuple.h"

/* What a packet is to the tracker. X(NAME, RouterOS value). */
#define TG_CONNECTION_STATES(X)                                                                    \
    X(INVALID, "invalid")                                                                          \
    X(ESTABLISHED, "established")                                                                  \
    X(RELATED, "related")                                                                          \
    X(NEW, "new")                                                                                  \
    X(UNTRACKED, "untracked")

enum tg_connection_state {
#define TG_X(name, text) TG_CONNECTION_STATE_##name,
    TG_CONNECTION_STATES(TG_X)
#undef TG_X
        TG_CONNECTION_STATE_COUNT,
};

/* Where a TCP connection is in its life; NONE for every other protocol. X(NAME, RouterOS value). */
#define TG_TCP_STATES(X)                                                                           \
    X(NONE, "none")                                                                                \
    X(SYN_SENT, "syn-sent")                                                                        \
    X(SYN_RECV, "syn-recv")                                                                        \
    X(ESTABLISHED, "established")                                                                  \
    X(FIN_WAIT, "fin-wait")                                                                        \
    X(CLOSE_WAIT, "close-wait")                                                                    \
    X(LAST_ACK, "last-ack")                                                                        \
    X(TIME_WAIT, "time-wait")                                                                      \
    X(CLOSE, "close")                                                                              \
    X(SYN_SENT2, "syn-sent2")

enum tg_tcp_state {
#define TG_X(name, text) TG_TCP_STATE_##name,
    TG_TCP_STATES(TG_X)
#undef TG_X
        TG_TCP_STATE_COUNT,
};

/* The flags of a connection, in print order. X(NAME, letter, RouterOS property). */
#define TG_CONN_FLAGS(X)                                                                           \
    X(EXPECTED, 'E', "expected")                                                                   \
    X(SEEN_REPLY, 'S', "seen-reply")                                                               \
    X(ASSURED, 'A', "assured")                                                                     \
    X(CONFIRMED, 'C', "confirmed")                                                                 \
    X(DYING, 'D', "dying")                                                                         \
    X(FASTTRACK, 'F', "fasttrack")                                                                 \
    X(HW_OFFLOAD, 'H', "hw-offload")                                                               \
    X(SRCNAT, 's', "srcnat")                                                                       \
    X(DSTNAT, 'd', "dstnat")                                                                       \
    X(USES_HELPER, 'h', "uses-helper")

enum tg_conn_flag_bit {
#define TG_X(name, letter, text) TG_CONN_FLAG_BIT_##name,
    TG_CONN_FLAGS(TG_X)
#undef TG_X
        TG_CONN_FLAG_COUNT,
};

enum tg_conn_flag {
#define TG_X(name, letter, text) TG_CONN_FLAG_##name = 1u << TG_CONN_FLAG_BIT_##name,
    TG_CONN_FLAGS(TG_X)
#undef TG_X
};

/*
 * The state word: everything about a connection that changes together, changed by
 * compare-and-swap only. It holds the generation, so no swap from an earlier life of the
 * record succeeds.
 */
#define TG_WORD_FLAGS_SHIFT      0  /* 16 bits: enum tg_conn_flag */
#define TG_WORD_TCP_STATE_SHIFT  16 /* 8 bits: enum tg_tcp_state */
#define TG_WORD_TIMEOUT_SHIFT    24 /* 8 bits: enum tg_timeout */
#define TG_WORD_GENERATION_SHIFT 32 /* 32 bits: unique among living connections */

static inline __u64 tg_word_make(__u32 generation, __u8 timeout, __u8 tcp_state, __u16 flags)
{
    return (__u64)generation << TG_WORD_GENERATION_SHIFT | (__u64)timeout << TG_WORD_TIMEOUT_SHIFT |
           (__u64)tcp_state << TG_WORD_TCP_STATE_SHIFT | (__u64)flags << TG_WORD_FLAGS_SHIFT;
}

static inline __u16 tg_word_flags(__u64 word)
{
    return (__u16)(word >> TG_WORD_FLAGS_SHIFT);
}

static inline __u8 tg_word_tcp_state(__u64 word)
{
    return (__u8)(word >> TG_WORD_TCP_STATE_SHIFT);
}

static inline __u8 tg_word_timeout(__u64 word)
{
    return (__u8)(word >> TG_WORD_TIMEOUT_SHIFT);
}

static inline __u32 tg_word_generation(__u64 word)
{
    return (__u32)(word >> TG_WORD_GENERATION_SHIFT);
}

/* Indexes that may exist at once: the one in force, and the one it replaces. */
#define TG_INDEXES 2u

/* Packets and bytes; bytes are IP lengths, headers included, as on the wire. */
struct tg_counter {
    __u64 packets;
    __u64 bytes;
};

/* One end of a TCP connection: what it has sent, and what it may send. */
struct tg_tcp_end {
    __u32 end;        /* the sequence number behind all it has sent */
    __u32 max_end;    /* … behind what the other end is ready to take */
    __u32 max_window; /* the widest it has announced; 0: nothing of it was seen */
    __u32 max_ack;    /* how far it has acknowledged what the other end has sent */
};

/* Flags of an end. */
#define TG_TCP_END_SCALE        1u  /* it has offered to scale windows */
#define TG_TCP_END_SACK         2u  /* … and to understand SACK */
#define TG_TCP_END_CLOSED_FIRST 4u  /* it has sent the first FIN */
#define TG_TCP_END_LIBERAL      8u  /* seen from the middle on: its windows may be wrong */
#define TG_TCP_END_ACKED        16u /* max_ack is known */

/*
 * The facts about both ends that seldom change, each set by compare-and-swap of the word: flags and
 * scale of either end, what the last SYN offered that was let through without being believed,
 * and TG_TCP_*.
 */
#define TG_TCP_FLAGS_SHIFT(direction) (5 * (direction))      /* 5 bits: TG_TCP_END_* */
#define TG_TCP_SCALE_SHIFT(direction) (10 + 4 * (direction)) /* 4 bits */
#define TG_TCP_SYN_SCALE_SHIFT        18                     /* 4 bits */
#define TG_TCP_SYN_FLAGS_SHIFT        22                     /* 2 bits: TG_TCP_END_SCALE, _SACK */
#define TG_TCP_SYN_MASK               (0x3fu << TG_TCP_SYN_SCALE_SHIFT)
#define TG_TCP_CHALLENGE              (1u << 24) /* a SYN in last-ack may be answered by an ACK */
#define TG_TCP_SIMULTANEOUS           (1u << 25) /* both ends have sent a SYN */
#define TG_TCP_SETTLED                (1u << 26) /* was established, and heard from both ends */
#define TG_TCP_DOUBTED                (1u << 27) /* both ends want to close, outside our windows */

/* The last segment: window, kind, direction, and how often it came again. */
#define TG_TCP_LAST_WINDOW_SHIFT    0  /* 16 bits, not scaled */
#define TG_TCP_LAST_SEGMENT_SHIFT   16 /* 3 bits: enum tg_segment; TG_SEGMENT_COUNT: none */
#define TG_TCP_LAST_DIRECTION_SHIFT 19 /* 1 bit */
#define TG_TCP_LAST_REPEATS_SHIFT   20 /* 2 bits: up to TG_TCP_REPEATS_MAX */

/* So often in a row a segment comes again before its receiver counts as gone. */
#define TG_TCP_REPEATS_MAX 3u

struct tg_tcp {
    struct tg_tcp_end ends[TG_DIRECTION_COUNT];
    __u32 word;
    __u32 last;
    __u32 last_sequence;
    __u32 last_acknowledgement;
    __u32 last_end;
    __u32 zero[3];
};

/*
 * How fast each direction is, by enum tg_direction; see core/throughput.h. A CPU writes it about
 * once a second.
 */
struct tg_throughput {
    __u32 bytes[TG_DIRECTION_COUNT]; /* lower halves of the byte counters when they were sampled */
    __u32 rates[TG_DIRECTION_COUNT]; /* bytes a second in the second before that */
    __u64 sampled;
};

/*
 * A record: one connection, both directions. Times are jiffies (struct tg_layout says how many a
 * second).
 *
 * Four cache lines, by use: who it is, what each packet changes, what few packets need, what the
 * tracker of TCP knows. Whether a connection is overdue is read in the second line and, of TCP, in
 * the fourth, so that the CPU waits for all of them together.
 *
 * Records hang on the heads of the index in chains of references; `…_next` is the rest of the
 * chain, for each of the two indexes that exist while one replaces the other. A record hangs in
 * one chain, by the hash of its original tuple, which is that of the reply as well; only where
 * the reply is no mirror of it (NAT) it also hangs in that of the reply.
 */
struct tg_conn {
    struct tg_tuple original; /* wire tuple of the opening direction */
    __u64 word;               /* see above */
    __u32 original_next[TG_INDEXES];
    __u32 reply_next[TG_INDEXES];

    __u64 last_seen; /* when a packet last refreshed it; may lag by min(1 s, timeout/8) */
    struct tg_counter counters[TG_DIRECTION_COUNT];
    __u64 created;
    __u32 mark;        /* connection-mark, 0 = no-mark */
    __u32 id;          /* its own */
    __u32 in_ifindex;  /* of packets of the original direction; 0: the router sends them */
    __u32 out_ifindex; /* … 0: they are for the router */

    struct tg_tuple reply; /* wire tuple of its answers */
    struct tg_throughput throughput;

    union {
        struct tg_tcp tcp;
        struct tg_mapped mapped[TG_MAPPED_COUNT]; /* of UDP */
    };
};

/* A reference: id << 1 | the direction by whose tuple the record hangs there; 0: none. */
#define TG_REFERENCE_MASK     0x7fffffffu
#define TG_REFERENCE_UNLINKED 0x80000000u /* in a record's next: it hangs there no more */

static inline __u32 tg_reference(__u32 id, __u32 direction)
{
    return id << 1 | direction;
}

/*
 * A head: the first reference, what is known of its record's hash, and whether more records may
 * follow. A record whose hash has other tag bits need not be looked at if it is the only one.
 */
#define TG_HEAD_TAG_SHIFT 32
#define TG_HEAD_TAG_MASK  0x7fffffffull
#define TG_HEAD_MORE      (1ull << 63)

/* Ids of one slab that are free, in the order they were given back. */
struct tg_ring {
    __u32 taken; /* cells taken and given since the slab exists: counters without end */
    __u32 given;
    __u64 cells[TG_LIMIT_SLAB_RECORDS]; /* jiffies when it was given << 32 | number in the slab */
};

#define TG_RING_TIME_SHIFT 32

TG_ASSERT(sizeof(struct tg_tcp) == 64, "one cache line");
TG_ASSERT(sizeof(struct tg_conn) == 256, "record layout");
/*
 * A record's life: free (no flag) → pending → confirmed → dying → free. It is found by its tuple
 * from pending on, and is a connection to all who walk over the records while it is confirmed. What
 * is pending cannot be ended. Of the bits below nobody outside the datapath takes notice, but for
 * the aging of what is unfinished: whoever ended that gave up, and the sweep goes on.
 */
#define TG_CONN_TRANSLATED  (1u << 10) /* its reply is no mirror: it hangs by that as well */
#define TG_CONN_MASQUERADED (1u << 11) /* it ends with the address it was given */
#define TG_CONN_REPLY_ONLY  (1u << 12) /* it never hung by its original tuple: it ends unborn */
#define TG_CONN_COMPLETE    (1u << 13) /* of TCP: the handshake was completed */
#define TG_CONN_MAPPED      (1u << 13) /* of UDP: it has a mapping */
#define TG_CONN_PENDING     (1u << 14)
#define TG_CONN_UNFINISHED  (1u << 15)

TG_ASSERT(TG_CONN_FLAG_COUNT <= 10, "flags fit the state word, with six to spare");

/* What the sweep program is given, one after another, as its packet: see maps.h. */
struct tg_sweep_key {
    __u32 id;
    __u32 generation; /* nothing happens if the record lives another life by now */
    __u32 force;      /* 0: remove if overdue; 1: remove whatever its age */
    __u32 zero;
};

/* What the move program is given: heads of the index that is left, first … first + count - 1. */
struct tg_move_range {
    __u32 first;
    __u32 count;
};

TG_ASSERT(sizeof(struct tg_sweep_key) == 16, "sweep key layout");
