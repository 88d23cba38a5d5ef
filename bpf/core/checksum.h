/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Internet checksums (RFC 1071) and their change by one word (RFC 1624). */
#pragma once

#include "core/base.h"
#include "tidegate/addr.h"
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

/*
 * Adds `size` bytes, an even number, to a running sum. Sums are in the byte order of the host and
 * may be added to one another; what tg_sum_fold makes of one is in network order, as RFC 1071 says.
 */
TG_INLINE __u64 tg_sum_add(__u64 sum, const void *data, __u32 size)
{
    const __u8 *bytes = (const __u8 *)data;

    for (__u32 i = 0; i < size; i += 2) {
        __u16 word;

        __builtin_memcpy(&word, bytes + i, sizeof(word));
        sum += word;
    }
    return sum;
}

TG_INLINE __be16 tg_sum_fold(__u64 sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (__be16)sum;
}

/* The same for a number of bytes known here that is a multiple of four. */
TG_INLINE __u64 tg_sum_words(__u64 sum, const void *data, __u32 size)
{
    const __u8 *bytes = (const __u8 *)data;

    for (__u32 i = 0; i < size; i += sizeof(__u32)) {
        __u32 word;

        __builtin_memcpy(&word, bytes + i, sizeof(word));
        sum += word;
    }
    return sum;
}

/* Whether data that holds its own checksum was summed (RFC 1071): all bits are set then. */
TG_INLINE bool tg_sum_is_right(__u64 sum)
{
    return tg_sum_fold(sum) == 0xffff;
}

/* The checksum of what was summed, the checksum's own field being 0 in it. */
TG_INLINE __be16 tg_sum_finish(__u64 sum)
{
    return (__be16)~tg_sum_fold(sum);
}

/* The pseudo header (RFC 9293, RFC 8200 8.1). What ::ffff: adds to an IPv4 address is nothing. */
TG_INLINE __u64 tg_sum_pseudo(const struct tg_addr *src, const struct tg_addr *dst, __u8 protocol,
                              __u32 length)
{
    __u64 sum = (__u64)tg_net32(length) + tg_net32(protocol);

    for (int i = 0; i < 4; i++)
        sum += (__u64)src->words[i] + dst->words[i];
    return sum;
}
