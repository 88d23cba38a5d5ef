/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a stage asks of the packet's context, answered for XDP programs. Frames are Ethernet. */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "core/base.h"
#include "core/headers.h"
#include "core/packet.h"
#include "path/device.h"

typedef struct xdp_md tg_ctx;

/* Headers lie in the first bytes of the first buffer; what lies further is fetched by a call. */
#define TG_DIRECT_BYTES 512u

/* One step of tg_copy_words. */
#define TG_COPY(type, to, from, i)                                                                 \
    do {                                                                                           \
        type word = *(const type *)((from) + (i));                                                 \
                                                                                                   \
        __builtin_memcpy((to) + (i), &word, sizeof(word));                                         \
        (i) += sizeof(word);                                                                       \
    } while (0)

/*
 * As memcpy, of a size known here. The compiler knows of no alignment in a frame and would go byte
 * by byte; the verifier knows the machines that load words from anywhere, and they are all we meet.
 */
TG_INLINE void tg_copy_words(void *to, const void *from, __u32 size)
{
    __u32 i = 0;

#pragma unroll
    while (i + sizeof(__u64) <= size)
        TG_COPY(__u64, to, from, i);
    if (size & sizeof(__u32))
        TG_COPY(__u32, to, from, i);
    if (size & sizeof(__u16))
        TG_COPY(__u16, to, from, i);
    if (size & sizeof(__u8))
        TG_COPY(__u8, to, from, i);
}

/* Copies `size` bytes at `offset` of the frame; false: the frame is shorter. */
TG_INLINE bool tg_ctx_load(tg_ctx *ctx, __u32 offset, void *to, __u32 size)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    __u32 near = tg_opaque(offset);

    if (near < TG_DIRECT_BYTES && data + near + size <= end) {
        tg_copy_words(to, data + near, size);
        return true;
    }
    return bpf_xdp_load_bytes(ctx, offset, to, size) == 0;
}

#define tg_ctx_store(ctx, offset, from, size) (bpf_xdp_store_bytes(ctx, offset, from, size) == 0)

/* Here all checksums are finished, and nobody keeps a sum over the packet. */
#define tg_ctx_replace tg_ctx_store

/* Loads as above a size the compiler does not know, or seldom: the verifier follows one way only.
 */
#define tg_ctx_load_some(ctx, offset, to, size) (bpf_xdp_load_bytes(ctx, offset, to, size) == 0)

/* The verifier forgets which way led to a number, and looks at what follows once. */
#define TG_SUM_FORGET(number) (tg_opaque(number) & (TG_SUM_REACH - 1))

/* One step of tg_ctx_sum: a word of `type` at data + at, before `last`. */
#define TG_SUM_WORD(type)                                                                          \
    if (at + sizeof(type) <= last) {                                                               \
        const void *from = data + at;                                                              \
        type word;                                                                                 \
                                                                                                   \
        if (from + sizeof(type) > end)                                                             \
            return false;                                                                          \
        word = *(const type *)from;                                                                \
        total += (__u32)word + ((__u64)word >> 32);                                                \
        at = TG_SUM_FORGET(at + sizeof(type));                                                     \
    }

/* One step of tg_ctx_sum: as many bytes, by a call. */
#define TG_SUM_BLOCK(size)                                                                         \
    if (at + (size) <= last) {                                                                     \
        void *from = data + at;                                                                    \
                                                                                                   \
        if (from + (size) > end)                                                                   \
            return false;                                                                          \
        total += (__u32)bpf_csum_diff(NULL, 0, from, (size), 0);                                   \
        at = TG_SUM_FORGET(at + (size));                                                           \
    }

#define TG_SUM_REACH 2048u /* how far into the frame tg_ctx_sum goes; a power of two */

/*
 * Sums `length` bytes at `offset` where they lie, up to 1599 of them (core/checksum.h); false: they
 * do not lie all in the first buffer. Calls are dear, so the last 63 bytes go word by word.
 */
TG_INLINE bool tg_ctx_sum(tg_ctx *ctx, __u32 offset, __u32 length, __u64 *sum)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    __u32 last = tg_opaque(offset + length), at = TG_SUM_FORGET(offset);
    __u64 total = 0;

    if (last >= TG_SUM_REACH || data + last > end)
        return false;
    last = tg_opaque(last); /* or the compiler would spare the checks that the verifier wants */
    for (int i = 0; i < 2; i++)
        TG_SUM_BLOCK(512);
    for (int i = 0; i < 8; i++)
        TG_SUM_BLOCK(64);
    for (int i = 0; i < 7; i++)
        TG_SUM_WORD(__u64);
    TG_SUM_WORD(__u32);
    TG_SUM_WORD(__u16);
    if (at < last) {
        __u16 word = 0;

        if (data + at + 1 > end)
            return false;
        __builtin_memcpy(&word, data + at, 1);
        total += word;
    }
    *sum += total;
    return true;
}

/* Whether a checksum may be left to the device: the frames of drivers are finished. */
TG_INLINE bool tg_ctx_unfinished(const struct tg_packet *packet)
{
    return tg_packet_is(packet, TG_PACKET_GENERIC);
}

TG_INLINE __u32 tg_ctx_length(tg_ctx *ctx)
{
    return (__u32)bpf_xdp_get_buff_len(ctx);
}

TG_INLINE bool tg_ctx_one_buffer(tg_ctx *ctx)
{
    return tg_ctx_length(ctx) == (__u32)(ctx->data_end - ctx->data);
}

/* The loader attaches XDP to nothing else. */
TG_INLINE __u16 tg_ctx_link_header(__u32 ifindex)
{
    return TG_ETHERNET_HEADER;
}

/* EtherType in network order; 0: the frame is shorter than its header. */
TG_INLINE __be16 tg_ctx_protocol(tg_ctx *ctx)
{
    __be16 type = 0;

    return tg_ctx_load(ctx, 12, &type, sizeof(type)) ? type : 0;
}

/* XDP is told of none: stripping is off, or the interface is not judged here (docs/hardware.md). */
TG_INLINE bool tg_ctx_tag(const tg_ctx *ctx, struct tg_vlan_tag *tag)
{
    return false;
}

struct tg_mac {
    __u8 bytes[6];
};

TG_INLINE struct tg_mac tg_ctx_dst_mac(tg_ctx *ctx)
{
    struct tg_mac mac = {};

    tg_ctx_load(ctx, 0, &mac, sizeof(mac));
    return mac;
}

/* Broadcast or multicast: the lowest bit of the first byte (IEEE 802.3). */
TG_INLINE bool tg_ctx_group(tg_ctx *ctx)
{
    return tg_ctx_dst_mac(ctx).bytes[0] & 1;
}

/* A unicast frame that the stack would not take: bpf_fib_lookup does not look at the address. */
TG_INLINE bool tg_ctx_other_host(tg_ctx *ctx, const struct tg_device *device)
{
    struct tg_mac mac = tg_ctx_dst_mac(ctx);

    if (mac.bytes[0] & 1 || !device)
        return false;
    return __builtin_memcmp(&mac, device->mac, sizeof(mac)) != 0;
}

/* Nothing is merged before XDP has seen it. */
TG_INLINE __u32 tg_ctx_gso_size(const tg_ctx *ctx)
{
    return 0;
}

TG_INLINE __u32 tg_ctx_ifindex(const tg_ctx *ctx)
{
    return ctx->ingress_ifindex;
}
