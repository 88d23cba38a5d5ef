/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a stage asks of the packet's context, answered for TC programs. */
#pragma once

#include <linux/bpf.h>
#include <linux/if_packet.h>

#include <bpf/bpf_helpers.h>

#include "core/base.h"
#include "core/headers.h"
#include "core/packet.h"
#include "path/device.h"
#include "path/maps.h"

typedef struct __sk_buff tg_ctx;

/* Copies `size` bytes at `offset` of the frame; false: the frame is shorter. */
#define tg_ctx_load(ctx, offset, to, size) (bpf_skb_load_bytes(ctx, offset, to, size) == 0)
/* The same, of a size the compiler does not know. */
#define tg_ctx_load_some tg_ctx_load

/* What is changed that way is made up for in a checksum: the kernel's sum over all stays right. */
#define tg_ctx_store(ctx, offset, from, size) (bpf_skb_store_bytes(ctx, offset, from, size, 0) == 0)

/* The same of bytes that no checksum makes up for. */
#define tg_ctx_replace(ctx, offset, from, size)                                                    \
    (bpf_skb_store_bytes(ctx, offset, from, size, BPF_F_RECOMPUTE_CSUM) == 0)

/* Sums bytes where they lie: in an skb they may lie anywhere. */
TG_INLINE bool tg_ctx_sum(tg_ctx *ctx, __u32 offset, __u32 length, __u64 *sum)
{
    return false;
}

/* Whether a checksum may be left to the device: nothing tells such skbs from others. */
TG_INLINE bool tg_ctx_unfinished(const struct tg_packet *packet)
{
    return true;
}

TG_INLINE __u32 tg_ctx_length(const tg_ctx *ctx)
{
    return ctx->len;
}

/* Bytes before the IP header of what this interface carries. */
TG_INLINE __u16 tg_ctx_link_header(__u32 ifindex)
{
    return tg_attached_as(ifindex).link_header ? TG_ETHERNET_HEADER : 0;
}

/* EtherType in network order. */
TG_INLINE __be16 tg_ctx_protocol(const tg_ctx *ctx)
{
    return (__be16)ctx->protocol;
}

/* The VLAN tag that the kernel or the driver has put beside the frame; false: there is none. */
TG_INLINE bool tg_ctx_tag(const tg_ctx *ctx, struct tg_vlan_tag *tag)
{
    if (!ctx->vlan_present)
        return false;
    tag->protocol = (__be16)ctx->vlan_proto;
    tag->control = tg_net16((__u16)ctx->vlan_tci);
    return true;
}

TG_INLINE bool tg_ctx_other_host(const tg_ctx *ctx, const struct tg_device *device)
{
    return ctx->pkt_type == PACKET_OTHERHOST;
}

TG_INLINE bool tg_ctx_group(const tg_ctx *ctx)
{
    return ctx->pkt_type == PACKET_BROADCAST || ctx->pkt_type == PACKET_MULTICAST;
}

/* Payload bytes of a GSO segment; 0: the packet is one segment. */
TG_INLINE __u32 tg_ctx_gso_size(const tg_ctx *ctx)
{
    return ctx->gso_size;
}

TG_INLINE __u32 tg_ctx_ifindex(const tg_ctx *ctx)
{
    return ctx->ifindex;
}
