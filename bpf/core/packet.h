/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the stages know about the packet in hand; parse fills it, later stages add to it. */
#pragma once

#include "core/base.h"
#include "core/tcp_view.h"
#include "tidegate/conn.h"
#include "tidegate/edits.h"
#include "tidegate/limits.h"
#include "tidegate/maps.h"
#include "tidegate/nat.h"
#include "tidegate/tuple.h"

enum tg_packet_flag {
    TG_PACKET_EGRESS = 1u << 0,      /* seen at TC egress */
    TG_PACKET_LOCAL = 1u << 1,       /* sent by the router itself */
    TG_PACKET_L4_BAD = 1u << 2,      /* L4 header short, impossible length or flags */
    TG_PACKET_FIRST_PIECE = 1u << 3, /* first fragment of a datagram */
    TG_PACKET_LATER_PIECE = 1u << 4, /* any other fragment: it has no L4 header */
    TG_PACKET_PIECE_KNOWN = 1u << 5, /* … whose first piece was accepted */
    TG_PACKET_GROUP = 1u << 6,       /* in a broadcast or multicast frame, or to such an address */
    TG_PACKET_ICMP_ERROR = 1u << 7,  /* quotes the packet it is about: see quoted */
    TG_PACKET_QUOTED = 1u << 8,      /* … and the quotation could be read */
    TG_PACKET_PENDING = 1u << 9,     /* pending is to be inserted once the packet is accepted */
    TG_PACKET_DONT_FRAGMENT = 1u << 10, /* IPv4 DF, and every IPv6 packet */
    TG_PACKET_TOO_BIG = 1u << 11,       /* larger than the path takes */
    TG_PACKET_BY_KERNEL = 1u << 12,     /* only the kernel knows how to send it */
    TG_PACKET_ROUTER_BOUND = 1u << 13,  /* for the router itself */
    TG_PACKET_NEIGHBOUR = 1u << 14,     /* the link addresses of the way out are known */
    TG_PACKET_GENERIC = 1u << 15,  /* an skb in XDP: perhaps many segments, no finished checksum */
    TG_PACKET_TAGGED = 1u << 16,   /* came with a VLAN tag, in the frame or beside it */
    TG_PACKET_TTL_USED = 1u << 17, /* the router is as far as its TTL goes */
    TG_PACKET_LAST_PIECE = 1u << 18, /* a fragment that no other follows */
    TG_PACKET_TRANSLATED = 1u << 19, /* leaves with another tuple than it came with: translated */
    TG_PACKET_HALFWAY = 1u << 20,    /* … and tuple has its new destination already: see wire */
    TG_PACKET_UNSOURCED = 1u << 21,  /* … and the kernel sends it: its source is TC egress's work */
    TG_PACKET_FIRST_CHANGED = 1u << 22, /* … of a later piece: the first one was translated */
    TG_PACKET_HOPPED = 1u << 23,        /* edits.ttl is already what the next hop gets */
    TG_PACKET_MAPPABLE = 1u << 24,      /* for rules of endpoint-independent-nat */
    TG_PACKET_MAPS = 1u << 25,          /* its source becomes what a mapping says: see mapping */
    TG_PACKET_ROUTE_TOS = 1u << 26,     /* edits.route_tos is what its way was looked up by */
    TG_PACKET_BY_MARK = 1u << 27, /* the kernel chooses its way, by a mark, and tells nobody */
};

/* Of tg_packet.chains: it was looked up. */
#define TG_CHAINS_KNOWN (1u << 31)

/* What a TCP segment says, in host order. */
struct tg_tcp_numbers {
    __u32 sequence;
    __u32 acknowledgement;
    __u32 sack;   /* the furthest end of its SACK blocks, or the acknowledgement */
    __u32 end;    /* the sequence number behind it; SYN and FIN count as a byte each */
    __u16 window; /* not scaled */
    __u8 options; /* TG_TCP_OPTIONS, TG_TCP_END_SCALE, TG_TCP_END_SACK */
    __u8 scale;   /* of the windows its sender will announce */
    __u16 mss;    /* the segments its sender takes, if mss_at is not 0 */
    __u8 mss_at;  /* where that stands in the options */
};

#define TG_TCP_OPTIONS 0x80u /* its header has options */

/* What stood at the head that a hash leads to. */
struct tg_glance {
    __u64 indexes; /* as they were; 0: look again */
    __u64 head;
};

struct tg_packet {
    struct tg_tuple tuple; /* as on the wire; behind dstnat with the new destination */
    struct tg_addr next_hop;
    __u64 now;      /* jiffies */
    __u64 bank;     /* number of the bank this packet is judged by; 0: not armed */
    __u64 hash;     /* of the tuple, once the tracker has looked for it */
    __u64 in_lists; /* interface lists of the incoming interface */
    __u64 out_lists;
    __u32 connection_mark;
    __u32 packet_mark;
    struct tg_edits edits;
    __u32 flags;          /* enum tg_packet_flag */
    __u32 chains;         /* tg_bank_chains.used of its family and TG_CHAINS_KNOWN; 0: not known */
    __u32 hook_ifindex;   /* of the interface whose program this is */
    __u32 in_ifindex;     /* the same, or a VLAN's on it; 0 for packets of the router */
    __u32 out_ifindex;    /* 0 until routed, and for packets to the router */
    __u32 wire_ifindex;   /* XDP: of the interface to send to: out_ifindex, or the one below */
    __u32 l3_length;      /* bytes from the IP header to the packet's end, GSO as a whole */
    __u32 packets;        /* on the wire: GSO segments */
    __u32 bytes;          /* on the wire: IP lengths of all segments */
    __u32 segment;        /* IP length of the largest of them */
    __u32 mtu;            /* of the path, if the packet is too big */
    __u32 identification; /* of the datagram, if it is a fragment; network order */
    __be16 ethertype;     /* of what the frame carries, behind a VLAN tag */
    __u16 l3_offset;
    __u16 l4_offset;
    __u16 next_hop_family; /* AF_INET, AF_INET6; 0: none known */
    __u16 piece_offset;    /* of a fragment: where its part of the datagram begins */
    __u16 piece_begin;     /* … and what stands before it, in TG_FRAGMENT_UNIT */
    __u16 piece_end;       /* … and where it ends there: tg_piece_part */
    __u16 quoted_l4;       /* offset in the frame of the L4 header that an ICMP error quotes */
    __u16 out_vlan;        /* XDP: to be tagged so, if wire_ifindex is another than out_ifindex */
    __u8 out_dst_mac[6];   /* of the next hop */
    __u8 out_src_mac[6];   /* of the outgoing interface */
    __u8 l4_header;        /* length of the L4 header */
    __u8 tos;              /* or traffic class, as it came */
    __u8 vlan_priority;    /* of the tag it came with */
    __u8 tcp_flags;        /* the lower byte of the flag field */
    __u8 icmp_type;
    __u8 icmp_code;
    __u8 connection_state; /* enum tg_connection_state */
    __u8 untracked;        /* raw notrack, or tracking is off */
    __u8 direction;        /* enum tg_direction, if it belongs to a connection */
    __u8 nat_states;       /* TG_NAT_STATE_* of its connection */
    __u8 jumps;            /* in a walk: how many of `behind` are in use */
    __u32 matched;         /* element number of the rule that ended the last walk */
    /* What follows is of an earlier packet until a flag or the protocol says it is of this one. */
    struct tg_glance seen; /* of `hash` */
    struct tg_tcp_numbers tcp;
    struct tg_tcp_view view;    /* how it sees its connection */
    struct tg_tuple quoted;     /* of the packet an ICMP error is about */
    struct tg_edits handed;     /* what XDP has left to be changed of it, if it was handed over */
    struct tg_tuple wire;       /* as it came, if tuple is not that any more */
    struct tg_tuple translated; /* as it leaves; of an ICMP error, all but what it quotes */
    struct tg_tuple requoted;   /* of the packet an ICMP error is about, as its sender knows it */
    struct tg_nat_ports nat_ports; /* of the connection this packet opens, for its source */
    struct tg_conn pending;        /* the connection this packet opens */
    struct tg_conn mapping;        /* a mapping that is looked for or opened */
    /* Elements of the bank where a walk goes on, the last one first. */
    __u32 behind[TG_LIMIT_JUMPS];
};

TG_INLINE bool tg_packet_is(const struct tg_packet *packet, __u32 flags)
{
    return (packet->flags & flags) != 0;
}

/* The tuple the packet came with. */
TG_INLINE const struct tg_tuple *tg_wire_tuple(const struct tg_packet *packet)
{
    return tg_packet_is(packet, TG_PACKET_HALFWAY) ? &packet->wire : &packet->tuple;
}
