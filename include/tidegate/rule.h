/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A compiled rule: what it matches and what it does. Disabled and invalid rules are not compiled.
 */
#pragma once

#include "tidegate/addr.h"
#include "tidegate/assert.h"
#include "tidegate/limits.h"

/* Size of an element of a bank: a rule, or another of its parts (see chain.h). */
#define TG_ELEMENT_BYTES 320

enum tg_action {
    TG_ACTION_ACCEPT,
    TG_ACTION_DROP,
    TG_ACTION_NOTRACK,         /* raw: accept, and keep the tracker away from it */
    TG_ACTION_FASTTRACK,       /* counts and goes on, until FastTrack is built */
    TG_ACTION_PASSTHROUGH,     /* counts and goes on */
    TG_ACTION_JUMP,            /* goes on in another chain, and then behind the rule */
    TG_ACTION_RETURN,          /* goes on behind the rule that jumped here */
    TG_ACTION_SRC_NAT,         /* nat: the source becomes one of to */
    TG_ACTION_DST_NAT,         /* the destination does */
    TG_ACTION_MASQUERADE,      /* the source becomes the address of the outgoing interface */
    TG_ACTION_REDIRECT,        /* the destination becomes the router */
    TG_ACTION_NETMAP,          /* the net becomes another, host by host */
    TG_ACTION_MARK_CONNECTION, /* mangle: the packet's connection gets a mark */
    TG_ACTION_MARK_PACKET,     /* the packet does, for as long as it is in the datapath */
    TG_ACTION_COUNT,
};

/* A set bit in tg_rule.matchers means: this must hold. In tg_rule.negated: must not hold. */
enum tg_matcher {
    TG_MATCH_CONNECTION_STATE = 1u << 0,
    TG_MATCH_PROTOCOL = 1u << 1,
    TG_MATCH_SRC_ADDRESS = 1u << 2,
    TG_MATCH_DST_ADDRESS = 1u << 3,
    TG_MATCH_SRC_PORT = 1u << 4,
    TG_MATCH_DST_PORT = 1u << 5,
    TG_MATCH_IN_INTERFACE = 1u << 6,
    TG_MATCH_OUT_INTERFACE = 1u << 7,
    TG_MATCH_IN_INTERFACE_LIST = 1u << 8,
    TG_MATCH_OUT_INTERFACE_LIST = 1u << 9,
    TG_MATCH_FRAGMENT = 1u << 10, /* a second or further fragment */
    TG_MATCH_NAT_STATE = 1u << 11,
    TG_MATCH_CONNECTION_MARK = 1u << 12,
    TG_MATCH_PACKET_MARK = 1u << 13,
};

/* Of tg_rule.nat_states: what NAT does to the packet's connection. */
#define TG_NAT_STATE_SRCNAT 1u
#define TG_NAT_STATE_DSTNAT 2u

/* Host order, both ends included. */
struct tg_port_range {
    __u16 low;
    __u16 high;
};

/* What nat's actions change to. */
struct tg_rule_nat {
    struct tg_addr_range addresses; /* all zero: none given */
    struct tg_port_range ports;     /* 0-0: none given */
    __u32 scattered;                /* 1: the source gets a port that nobody can foretell */
};

/* Where a jump goes; zero for a return. */
struct tg_rule_jump {
    __u32 first; /* element number of the chain's first rule */
};

/* Instead of a rule id: at the end of a chain stands a return that is nobody's rule. */
#define TG_RULE_NOBODYS TG_LIMIT_RULES

/* What mangle's actions put where. */
struct tg_rule_mangle {
    __u32 mark; /* 0: none */
    __u32 ends; /* 1: no rule of the chain is looked at behind it (passthrough=no) */
};

struct tg_rule {
    __u32 matchers; /* enum tg_matcher */
    __u32 negated;  /* subset of matchers */
    __u32 id;       /* stable rule id: index of its counter */
    __u32 in_ifindex;
    __u32 out_ifindex;
    __u8 action;   /* enum tg_action */
    __u8 states;   /* bit 1 << enum tg_connection_state */
    __u8 protocol; /* IPPROTO_* */
    __u8 in_list;  /* bit number of the interface list */
    __u8 out_list;
    __u8 src_port_count;
    __u8 dst_port_count;
    __u8 nat_states; /* TG_NAT_STATE_* */
    __u32 connection_mark;
    __u32 packet_mark;
    __u8 log; /* 1: tells the agent of every packet that matches */
    __u8 zero[27];
    struct tg_addr_range src;
    struct tg_addr_range dst;
    struct tg_port_range src_ports[TG_LIMIT_PORT_RANGES];
    struct tg_port_range dst_ports[TG_LIMIT_PORT_RANGES];
    union {
        struct tg_rule_nat nat;
        struct tg_rule_jump jump;
        struct tg_rule_mangle mangle;
        __u8 bytes[64];
    } does; /* what its action needs */
};

TG_ASSERT(sizeof(struct tg_rule) == TG_ELEMENT_BYTES, "one rule is one bank element");
