/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An address of either family: IPv4 is kept as ::ffff:a.b.c.d, so one code path serves both. */
#pragma once

#include <linux/types.h>

/* 16 bytes in network order. */
struct tg_addr {
    union {
        __u8 bytes[16];
        __be32 words[4];
        __be64 halves[2];
    };
};

/* All addresses from low to high, both included; a prefix is a range too. */
struct tg_addr_range {
    struct tg_addr low;
    struct tg_addr high;
};

/* Address families as array index and in every structure; not AF_INET numbers. */
enum tg_family {
    TG_FAMILY_IPV4,
    TG_FAMILY_IPV6,
    TG_FAMILY_COUNT,
};
