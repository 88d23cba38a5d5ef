/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The small records beside the tables: each has exactly one writer. */
#pragma once

#include <linux/types.h>

#include "tidegate/addr.h"
#include "tidegate/assert.h"
#include "tidegate/limits.h"

/*
 * Raise the version with every change of a structure in a pinned map, or of what one program hands
 * to another: the programs of an instance may be of several builds, since some are loaded later.
 */
#define TG_LAYOUT_MAGIC   0x54494445u /* "TIDE" */
#define TG_LAYOUT_VERSION 17u

/* Written by the loader: once, before anything is attached, but for pickup_until. */
struct tg_layout {
    __u32 magic;
    __u32 version;
    __u32 ticks_per_second; /* rate of bpf_jiffies64() */
    __u32 instance;         /* a number other instances are unlikely to have; not 0 */
    __u64 awake_offset_ns;  /* CLOCK_MONOTONIC = jiffies * 1e9 / ticks_per_second + this */
    __u64 pickup_until;     /* jiffies; before that TCP connections are joined in their middle */
};

/* What the clock program answers: both clocks, read in the same instant. */
struct tg_clock {
    __u64 jiffies;
    __u64 awake_ns;
};

/* Written by the agent only. */
struct tg_control {
    __u64 bank;      /* number of the bank in force; its slot is bank & 1; 0: not armed */
    __u64 heartbeat; /* jiffies of the agent's last sign of life */
    __u64
        listening; /* jiffies until which the agent wants to hear of connections; 0: it does not */
};

/* The size of the connection table; written by the loader, then by the agent, in place. */
struct tg_shape {
    __u64 indexes; /* TG_SHAPE_*; read and written as one word */
    __u64 seed;    /* of the hash; random, never changed */
    __u32 slabs;   /* that exist: 0 … slabs - 1 */
    __u32 open;    /* of them, those that new connections get records of: 0 … open - 1 */
};

/* The index new connections hang in, whether others still hang in the other one, and the sizes. */
#define TG_SHAPE_IN_FORCE    1u
#define TG_SHAPE_MOVING      2u
#define TG_SHAPE_HEADS_SHIFT 8 /* of index 0; 16 bits each: the number of heads / TG_STRIPES */

/* 0: there is no such index. */
static inline __u32 tg_shape_heads(__u64 indexes, __u32 index)
{
    return ((__u32)(indexes >> (TG_SHAPE_HEADS_SHIFT + 16 * index)) & 0xffff) * TG_STRIPES;
}

/* What tg_shape.indexes holds of an index with so many heads. */
static inline __u64 tg_shape_of(__u32 index, __u32 heads)
{
    return (__u64)(heads / TG_STRIPES) << (TG_SHAPE_HEADS_SHIFT + 16 * index);
}

/*
 * The head of a hash, by its upper half. All heads that this gives for the hashes of one stripe are
 * that stripe's alone, whatever the number of heads, since that is a multiple of TG_STRIPES.
 */
static inline __u32 tg_head_number(__u64 hash, __u32 heads)
{
    return (__u32)((hash >> 32) * heads >> 32);
}

static inline __u32 tg_stripe_number(__u64 hash)
{
    return tg_head_number(hash, TG_STRIPES);
}

/* Written by the datapath only. Lines of their own for what many CPUs write. */
struct tg_table {
    __u64 connections; /* records in the table, overdue ones included */
    __u64 ipv6;        /* of them, IPv6 ones */
    __u64 connections_alone[6];
    __u64 generation; /* last one given out; the low 32 bits are used */
    __u64 generation_alone[7];
    __u32 slab;       /* where the last free record was found */
    __u32 reclaimed;  /* where the search for a record that gives up its place goes on */
    __u64 early_drop; /* connections that gave up theirs before their time */
    __u64 search_alone[6];
    __u64 events_lost; /* that nobody had room for */
    __u64 events_alone[7];
};

/* How an interface is attached. */
enum tg_mode {
    TG_MODE_NONE,
    TG_MODE_TC,
    TG_MODE_NATIVE,
    TG_MODE_GENERIC,
    TG_MODE_OFFLOAD,
};

/*
 * Of one attached interface: the loader writes what comes first, the datapath counts in the rest.
 * What listens to redirects clears xdp_target when the interface refuses frames.
 */
struct tg_attached {
    __u32 mode;            /* enum tg_mode */
    __u16 link_header;     /* bytes before the IP header: 14, or 0 on an L3 device */
    __u16 xdp_target;      /* TG_TARGET_*: what it takes of what XDP redirects to it */
    __u64 dhcp_request;    /* jiffies of the last DHCP request sent on it; 0: none */
    __u64 handed_over;     /* packets in: judged and accepted by XDP, to be sent by TC */
    __u64 stack_forwarded; /* packets in: accepted for forwarding, sent by the kernel */
    __u64 redirect_lost;   /* frames that XDP has redirected to it and that did not leave */
    __u32 redirect_error;  /* errno by which it refused such frames; 0: it did not */
    __u32 zero;
};

/*
 * What does not change with every packet, once more where it is found sooner: one aligned word,
 * written and read as such. Of the interfaces that share a slot one has it; a slot never says what
 * tg_attached does not.
 */
struct tg_attached_slot {
    __u32 ifindex; /* whose it is; 0: nobody's */
    __u16 link_header;
    __u16 xdp_target;
};

#define TG_TARGET_FRAMES       1u
#define TG_TARGET_MANY_BUFFERS 2u /* frames of many buffers too */

/* Of any interface of the namespace; written by the agent from netlink. */
struct tg_device {
    __u32 flags; /* TG_DEVICE_* */
    __u32 mtu;
    __u8 mac[6];  /* zero if it has none */
    __u16 vlan;   /* of a VLAN interface: its id, with TG_VLAN_SERVICE if 802.1ad tags it */
    __u32 lower;  /* of a VLAN interface: the one below; 0: it is none */
    __u32 master; /* bridge, bond or team it is a port of; 0: none */
    /* Where ICMP errors about what comes in by it are from; zero: none. By enum tg_family. */
    struct tg_addr sources[TG_FAMILY_COUNT];
};

/* The same record once more, where it is found sooner. The address lies in one aligned word. */
struct tg_device_slot {
    __u32 ifindex; /* whose it is; 0: nobody's */
    __u32 zero;
    struct tg_device device;
};

#define TG_DEVICE_NO_IPV4     1u  /* up, without an IPv4 address */
#define TG_DEVICE_NO_REDIRECT 2u  /* packets must leave through its queueing discipline */
#define TG_DEVICE_RP_STRICT   4u  /* rp_filter: sources are reached by this interface */
#define TG_DEVICE_RP_LOOSE    8u  /* rp_filter: sources are reached by any interface */
#define TG_DEVICE_OWN_IPV4    32u /* sources[] is an address of its own, not of the host only */
#define TG_DEVICE_OWN_IPV6    64u
#define TG_DEVICE_LOCAL_NETS  16u /* whole networks are the host's: its addresses are not all */

#define TG_VLAN_ID      0x0fffu
#define TG_VLAN_SERVICE 0x8000u

/* Under which a VLAN interface that is up is found, from a frame of the interface below. */
static inline __u64 tg_vlan_key(__u32 lower, __u16 vlan)
{
    return (__u64)lower << 16 | vlan;
}

/* Addresses no packet from outside may come from; written by the agent from netlink. */
#define TG_ADDRESS_OWN       1u
#define TG_ADDRESS_BROADCAST 2u /* of a network of ours, or that network's own address */

/* What became of the answers to dropped packets (TG_VERDICT_ANSWER). X(NAME, name) */
#define TG_ANSWERS(X)                                                                              \
    X(SENT, "sent")                                                                                \
    X(LIMITED, "limited") /* too many of them */                                                   \
    X(UNDUE, "undue")     /* about a packet that may not be answered (RFC 1812 4.3.2.7) */         \
    X(FAILED, "failed")   /* no address to send from, no way back, no memory */

enum tg_answer {
#define TG_X(name, text) TG_ANSWER_##name,
    TG_ANSWERS(TG_X)
#undef TG_X
        TG_ANSWER_COUNT,
};

/* What is counted of packets beside their reason. X(NAME, name) */
#define TG_TALLIES(X)                                                                              \
    X(CHECKSUM_UNVERIFIED, "checksum-unverified") /* many segments, a fragment, or too long */     \
    X(LOG_LOST, "log-lines-lost")                 /* lines that rules would have written */

enum tg_tally {
#define TG_X(name, text) TG_TALLY_##name,
    TG_TALLIES(TG_X)
#undef TG_X
        TG_TALLY_COUNT,
};

/* What the redirect probe is asked (ifindex in namespace number netns) and has heard. */
struct tg_redirect_probe {
    __u32 ifindex;
    __u32 netns;
    __u32 sent;
    __u32 lost;
};

/* skb->tc_index from TC ingress to TC egress: what the packet was judged as. */
#define TG_TAG_MASK      0xfff0u
#define TG_TAG           0x7d00u
#define TG_TAG_INPUT     (TG_TAG | 1u) /* for the router: must not be forwarded */
#define TG_TAG_FORWARD   (TG_TAG | 2u) /* the forward chain has accepted it, or we have built it */
#define TG_TAG_UNSOURCED (TG_TAG | 3u) /* the same, but its source is still to be translated */

TG_ASSERT(sizeof(struct tg_layout) == 32, "layout record");
TG_ASSERT(sizeof(struct tg_attached) == 48, "attached record");
TG_ASSERT(sizeof(struct tg_attached_slot) == 8, "slot of an attached one");
TG_ASSERT(sizeof(struct tg_device) == 56, "device record");
TG_ASSERT(sizeof(struct tg_device_slot) == 64, "device slot");
