/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Incremental Internet checksums (RFC 1624). */
#pragma once

#include "core/base.h"
#include "tidegate/assert.h"

/* `checksum` after a 16-bit word it covers changed from `old` to `new_word`; network order. */
TG_INLINE __be16 tg_checksum_replace(__be16 checksum, __be16 old, __be16 new_word)
{
    __u32 sum = (__u16)~checksum;

    sum += (__u16)~old;
    sum += (__u16)new_word;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (__be16)~sum;
}

/* TTL, protocol and checksum of an IPv4 header: they lie side by side. */
struct tg_ipv4_hop {
    __u8 ttl;
    __u8 protocol;
    __be16 checksum;
};

TG_ASSERT(sizeof(struct tg_ipv4_hop) == 4, "RFC 791");

TG_INLINE void tg_ipv4_hop_less(struct tg_ipv4_hop *hop)
{
    __be16 old = tg_net16((__u16)(hop->ttl << 8 | hop->protocol));

    hop->ttl--;
    hop->checksum =
        tg_checksum_replace(hop->checksum, old, tg_net16((__u16)(hop->ttl << 8 | hop->protocol)));
}
