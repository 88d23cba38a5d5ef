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
    TG_ACTION_NOTRACK,              /* raw: accept, and keep the tracker away from it */
    TG_ACTION_FASTTRACK,            /* counts and goes on, until FastTrack is built */
    TG_ACTION_PASSTHROUGH,          /* counts and goes on */
    TG_ACTION_JUMP,                 /* goes on in another chain, and then behind the rule */
    TG_ACTION_RETURN,               /* goes on behind the rule that jumped here */
    TG_ACTION_SRC_NAT,              /* nat: the source becomes one of to */
    TG_ACTION_DST_NAT,              /* the destination does */
    TG_ACTION_MASQUERADE,           /* the source becomes the address of the outgoing interface */
    TG_ACTION_REDIRECT,             /* the destination becomes the router */
    TG_ACTION_NETMAP,               /* the net becomes another, host by host */
    TG_ACTION_SAME,                 /* one of to, by both ends' addresses or by the source's */
    TG_ACTION_ENDPOINT_INDEPENDENT, /* of UDP, what a mapping says: see nat.h */
    TG_ACTION_MARK_CONNECTION,      /* mangle: the packet's connection gets a mark */
    TG_ACTION_MARK_PACKET,          /* the packet does, for as long as it is in the datapath */
    TG_ACTION_MARK_ROUTING,         /* its way is looked up with a mark */
    TG_ACTION_CHANGE_MSS,           /* a SYN offers segments no larger than this */
    TG_ACTION_CHANGE_DSCP,
    TG_ACTION_CHANGE_TTL, /* or the hop limit */
    TG_ACTION_SET_PRIORITY,
    TG_ACTION_CLEAR_DF,
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
    TG_MATCH_TTL = 1u << 14,
    TG_MATCH_DSCP = 1u << 15,
    TG_MATCH_PRIORITY = 1u << 16,
    TG_MATCH_ROUTING_MARK = 1u << 17,
    TG_MATCH_CLASSIFIER = 1u << 18,
    TG_MATCH_TCP_FLAGS = 1u << 19,
    TG_MATCH_MAPPED = 1u << 20, /* of UDP; in dstnat, to a port that a mapping has */
};

/* Of tg_rule.classifier_fields: what of a packet says which class it is of. */
#define TG_CLASSIFIER_SRC_ADDRESS 1u
#define TG_CLASSIFIER_DST_ADDRESS 2u
#define TG_CLASSIFIER_SRC_PORT    4u
#define TG_CLASSIFIER_DST_PORT    8u

/* Of tg_rule.nat_states: what NAT does to the packet's connection. */
#define TG_NAT_STATE_SRCNAT 1u
#define TG_NAT_STATE_DSTNAT 2u
/* … as a mapping of endpoint-independent-nat says. */
#define TG_NAT_STATE_EIN_SNAT 4u
#define TG_NAT_STATE_EIN_DNAT 8u

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
    __u32 by_both;                  /* of same: 1: the other end says which address as well */
};

/* Where a jump goes; zero for a return. */
struct tg_rule_jump {
    __u32 first; /* element number of the chain's first rule */
};

/* Instead of a rule id: at the end of a chain stands a return that is nobody's rule. */
#define TG_RULE_NOBODYS TG_LIMIT_RULES

/*
 * Of tg_rule_mangle.value, beside marks: of change-ttl how it changes by the lower byte; else what
 * is no number of its own.
 */
#define TG_TTL_SET            0u
#define TG_TTL_INCREMENT      0x100u
#define TG_TTL_DECREMENT      0x200u
#define TG_MSS_OF_PATH        0u  /* change-mss: what fits both interfaces */
#define TG_VALUE_FROM_OTHER   64u /* dscp: the priority; priority: the DSCP */
#define TG_VALUE_FROM_HIGH    65u /* … its upper three bits */
#define TG_VALUE_FROM_INGRESS 66u /* priority: that of the VLAN tag it came with */

/* What mangle's actions put where. */
struct tg_rule_mangle {
    __u32 value; /* a mark (0: none), or what the action changes to */
    __u32 ends;  /* 1: no rule of the chain is looked at behind it (passthrough=no) */
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
    __u32 routing_mark;
    __u16 classifier_classes; /* there are so many, … */
    __u16 classifier_class;   /* … of which this one matches */
    __u8 classifier_fields;   /* TG_CLASSIFIER_* */
    __u8 ttl_low;             /* both ends included */
    __u8 ttl_high;
    __u8 dscp;
    __u8 priority;
    __u8 log;       /* 1: tells the agent of every packet that matches */
    __u8 tcp_set;   /* flags of the TCP header: all of these are set, … */
    __u8 tcp_clear; /* … and none of these */
    __u8 zero[12];
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
