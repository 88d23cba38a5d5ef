/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What identifies a packet's flow in one direction, as it stands on the wire. */
#pragma once

#include "tidegate/addr.h"
#include "tidegate/assert.h"

/*
 * Protocols without ports leave both zero. ICMP and ICMPv6 echo: src_port is the identifier in
 * both directions, dst_port is type << 8 | code in network order.
 */
struct tg_tuple {
    struct tg_addr src;
    struct tg_addr dst;
    __be16 src_port;
    __be16 dst_port;
    __u8 protocol; /* IPPROTO_* */
    __u8 family;   /* enum tg_family */
    __u16 mapping; /* 1: of a mapping, which no packet has; see nat.h */
};

TG_ASSERT(sizeof(struct tg_tuple) == 40, "tuple layout");
