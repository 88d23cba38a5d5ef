/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Words every file of the datapath uses: truth values, inlining, byte order. */
#pragma once

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define TG_INLINE static inline __attribute__((always_inline))

/*
 * For a pure function that would cost the verifier too much where it is used: it looks at it once,
 * by itself, if it is a global function. Those return an int and have to check their pointers.
 */
#ifdef __bpf__
#define TG_SEPARATE __attribute__((noinline))
#else
#define TG_SEPARATE static inline
#endif

#ifndef __BYTE_ORDER__
#error "the compiler must tell the byte order"
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define TG_SWAP16(x) __builtin_bswap16(x)
#define TG_SWAP32(x) __builtin_bswap32(x)
#define TG_SWAP64(x) __builtin_bswap64(x)
#else
#define TG_SWAP16(x) (x)
#define TG_SWAP32(x) (x)
#define TG_SWAP64(x) (x)
#endif

/* Between network order (__be types) and host order. */
TG_INLINE __u16 tg_host16(__be16 x)
{
    return TG_SWAP16((__u16)x);
}

TG_INLINE __be16 tg_net16(__u16 x)
{
    return (__be16)TG_SWAP16(x);
}

TG_INLINE __u32 tg_host32(__be32 x)
{
    return TG_SWAP32((__u32)x);
}

TG_INLINE __be32 tg_net32(__u32 x)
{
    return (__be32)TG_SWAP32(x);
}

TG_INLINE __u64 tg_host64(__be64 x)
{
    return TG_SWAP64((__u64)x);
}

TG_INLINE __be64 tg_net64(__u64 x)
{
    return (__be64)TG_SWAP64(x);
}

/*
 * The same number, about which the compiler forgets what it knew: it cannot then drop the mask or
 * comparison behind it that the verifier wants to see.
 */
TG_INLINE __u32 tg_opaque(__u32 x)
{
    __asm__ volatile("" : "+r"(x));
    return x;
}
