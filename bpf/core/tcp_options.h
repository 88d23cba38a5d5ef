/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the options of a TCP segment say of windows and segments: scale and SACK offered, the
 * furthest SACK, the maximum segment size.
 */
#pragma once

#include "core/base.h"
#include "core/packet.h"
#include "core/sequence.h"

#define TG_TCP_OPTIONS_MAX 40u /* bytes; the header's length has four bits */
/* Options are read out of so many bytes, zero behind the last of them: zero ends the list. */
#define TG_TCP_OPTIONS_ROOM 64u

enum tg_tcp_option {
    TG_TCP_OPTION_END = 0,
    TG_TCP_OPTION_NOTHING = 1,
    TG_TCP_OPTION_MSS = 2,
    TG_TCP_OPTION_SCALE = 3,          /* RFC 7323 */
    TG_TCP_OPTION_SACK_PERMITTED = 4, /* RFC 2018 */
    TG_TCP_OPTION_SACK = 5,
};

#define TG_TCP_SCALE_MAX 14u /* RFC 7323: more counts as this */

/* The first word of options that hold nothing but a timestamp (RFC 7323 appendix A). */
#define TG_TCP_ONLY_TIMESTAMP 0x0101080au

/* A walk over the options of one segment. */
struct tg_tcp_walk {
    __u8 bytes[TG_TCP_OPTIONS_ROOM];
    __u32 length;      /* of them, so many are options */
    __u32 at;          /* where the next one begins */
    __u32 sack_at;     /* the first SACK block */
    __u32 sack_blocks; /* 0: none was seen */
    __u32 mss_at;      /* the last maximum segment size; 0: none was seen */
    __u8 options;      /* as in struct tg_tcp_numbers */
    __u8 scale;
};

TG_INLINE __u8 tg_tcp_option_byte(const struct tg_tcp_walk *walk, __u32 at)
{
    return walk->bytes[tg_opaque(at) & (TG_TCP_OPTIONS_ROOM - 1)];
}

TG_INLINE __u32 tg_tcp_option_word(const struct tg_tcp_walk *walk, __u32 at)
{
    return (__u32)tg_tcp_option_byte(walk, at) << 24 |
           (__u32)tg_tcp_option_byte(walk, at + 1) << 16 |
           (__u32)tg_tcp_option_byte(walk, at + 2) << 8 | tg_tcp_option_byte(walk, at + 3);
}

/*
 * Reads one option; 0: the list has ended. One that is cut off or too short to be one ends it; of
 * several SACK options the first counts.
 */
TG_SEPARATE int tg_tcp_option(struct tg_tcp_walk *walk)
{
    __u32 at, size;
    __u8 kind, value;

    if (!walk)
        return 0;
    at = walk->at;
    kind = tg_tcp_option_byte(walk, at);
    size = tg_tcp_option_byte(walk, at + 1);
    value = tg_tcp_option_byte(walk, at + 2);
    if (at >= walk->length || kind == TG_TCP_OPTION_END)
        return 0;
    if (kind == TG_TCP_OPTION_NOTHING)
        size = 1;
    else if (size < 2 || at + size > walk->length)
        return 0;
    walk->at = at + size;
    if (kind == TG_TCP_OPTION_SACK_PERMITTED && size == 2)
        walk->options |= TG_TCP_END_SACK;
    if (kind == TG_TCP_OPTION_MSS && size == 4)
        walk->mss_at = at + 2;
    if (kind == TG_TCP_OPTION_SCALE && size == 3) {
        walk->options |= TG_TCP_END_SCALE;
        walk->scale = value < TG_TCP_SCALE_MAX ? value : TG_TCP_SCALE_MAX;
    }
    if (kind == TG_TCP_OPTION_SACK && size >= 10 && size % 8 == 2 && !walk->sack_blocks) {
        walk->sack_at = at + 2;
        walk->sack_blocks = size / 8;
    }
    return 1;
}

/* Reads them all; `walk` holds the bytes and their length, the rest is zero. */
TG_INLINE void tg_tcp_read_options(struct tg_tcp_walk *walk, struct tg_tcp_numbers *tcp)
{
    for (__u32 i = 0; i < TG_TCP_OPTIONS_MAX; i++)
        if (!tg_tcp_option(walk))
            break;
    tcp->options = walk->options | TG_TCP_OPTIONS;
    tcp->scale = walk->scale;
    tcp->mss_at = (__u8)walk->mss_at;
    tcp->mss = (__u16)(tg_tcp_option_word(walk, walk->mss_at) >> 16);
    for (__u32 i = 0; i < TG_TCP_OPTIONS_MAX / 8; i++) {
        __u32 edge = tg_tcp_option_word(walk, walk->sack_at + 8 * i + 4);

        if (i < walk->sack_blocks && tg_after(edge, tcp->sack))
            tcp->sack = edge;
    }
}
