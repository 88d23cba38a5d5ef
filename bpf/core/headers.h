/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The protocol headers as they lie on the wire; every field in network order. */
#pragma once

#include "tidegate/assert.h"

#include <linux/types.h>

#define TG_ETHERNET_HEADER 14u /* bytes, without a VLAN tag */

#define TG_ETHERTYPE_IPV4 0x0800
#define TG_ETHERTYPE_IPV6 0x86dd
#define TG_ETHERTYPE_VLAN 0x8100
#define TG_ETHERTYPE_QINQ 0x88a8

/* IEEE 802.1Q: stands behind the link addresses, before the EtherType. */
struct tg_vlan_tag {
    __be16 protocol; /* TG_ETHERTYPE_VLAN, or _QINQ for one of a service provider */
    __be16 control;  /* priority, drop eligible, id */
};

/* RFC 791 */
struct tg_ipv4_header {
    __u8 version_length; /* version << 4 | header length in words */
    __u8 tos;
    __be16 total_length;
    __be16 identification;
    __be16 fragment; /* flags and offset in units of 8 bytes */
    __u8 ttl;
    __u8 protocol;
    __be16 checksum;
    __be32 src;
    __be32 dst;
};

#define TG_IPV4_DONT_FRAGMENT   0x4000
#define TG_IPV4_MORE_FRAGMENTS  0x2000
#define TG_IPV4_FRAGMENT_OFFSET 0x1fff

/* RFC 8200 */
struct tg_ipv6_header {
    __be32 version_class_flow;
    __be16 payload_length;
    __u8 next_header;
    __u8 hop_limit;
    __be32 src[4];
    __be32 dst[4];
};

/* The first two bytes are alike in all extension headers; length is in units of 8 bytes less 1. */
struct tg_ipv6_extension {
    __u8 next_header;
    __u8 length;
    __be16 fragment; /* fragment header only: offset in units of 8 bytes << 3 | more */
    __be32 identification;
};

/* These two bytes. */
struct tg_ipv6_option_header {
    __u8 next_header;
    __u8 length;
};

#define TG_IPV6_FRAGMENT_OFFSET 0xfff8 /* in the fragment field */

#define TG_IPV6_HOP_BY_HOP     0
#define TG_IPV6_ROUTING        43
#define TG_IPV6_FRAGMENT       44
#define TG_IPV6_AUTHENTICATION 51
#define TG_IPV6_NO_NEXT        59
#define TG_IPV6_DESTINATION    60
#define TG_IPV6_MOBILITY       135

/* RFC 9293 */
struct tg_tcp_header {
    __be16 src_port;
    __be16 dst_port;
    __be32 sequence;
    __be32 acknowledgement;
    __u8 data_offset; /* upper four bits, in words */
    __u8 flags;
    __be16 window;
    __be16 checksum;
    __be16 urgent;
};

/* RFC 768; SCTP, DCCP and UDP-Lite begin with the same two ports. */
struct tg_udp_header {
    __be16 src_port;
    __be16 dst_port;
    __be16 length;
    __be16 checksum;
};

/* RFC 792, RFC 4443 */
struct tg_icmp_header {
    __u8 type;
    __u8 code;
    __be16 checksum;
    __be16 identifier; /* of an echo */
    __be16 sequence;
};

/* RFC 2784; what follows in version 1 (RFC 2637) is the call that the receiver has given a number.
 */
struct tg_gre_header {
    __be16 flags; /* the lowest three bits: the version */
    __be16 type;  /* EtherType of the payload */
    __be16 payload_length;
    __be16 call;
};

#define TG_GRE_VERSION  0x0007
#define TG_GRE_ENHANCED 1      /* the version that PPTP uses */
#define TG_GRE_TYPE_PPP 0x880b /* the only type that version has */

TG_ASSERT(sizeof(struct tg_vlan_tag) == 4, "IEEE 802.1Q");
TG_ASSERT(sizeof(struct tg_ipv4_header) == 20, "RFC 791");
TG_ASSERT(sizeof(struct tg_ipv6_header) == 40, "RFC 8200");
TG_ASSERT(sizeof(struct tg_ipv6_extension) == 8, "RFC 8200");
TG_ASSERT(sizeof(struct tg_tcp_header) == 20, "RFC 9293");
TG_ASSERT(sizeof(struct tg_udp_header) == 8, "RFC 768");
TG_ASSERT(sizeof(struct tg_icmp_header) == 8, "RFC 792");
TG_ASSERT(sizeof(struct tg_gre_header) == 8, "RFC 2637");
