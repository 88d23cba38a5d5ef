/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether the checksums of a packet that came in are right; a wrong one makes it invalid. */
#pragma once

#include "core/checksum.h"
#include "core/headers.h"
#include "core/packet.h"
#include "core/tuple_ops.h"
#include "path/context.h"
#include "path/maps.h"
#include "path/store.h"

/* What one call of bpf_csum_diff takes (before Linux 6.13). */
#define TG_SUM_BYTES 512u

/* Where bytes are copied to that cannot be summed where they lie. */
struct tg_payload {
    __u8 bytes[3 * TG_SUM_BYTES];
};

TG_ASSERT(TG_LIMIT_CHECKSUM_BYTES + sizeof(__u32) <= 3 * TG_SUM_BYTES, "zeros follow it");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct tg_payload);
} tg_payload_slot SEC(".maps");

/* Adds `length` bytes at `offset` of the frame, at most TG_LIMIT_CHECKSUM_BYTES, to the sum. */
TG_INLINE bool tg_sum_copied(tg_ctx *ctx, __u32 offset, __u32 length, __u64 *sum)
{
    __u32 zero = 0, last = tg_opaque(length - 1), size, padded;
    struct tg_payload *payload = bpf_map_lookup_elem(&tg_payload_slot, &zero);

    if (!payload || last >= TG_LIMIT_CHECKSUM_BYTES)
        return false;
    size = tg_opaque(last) + 1; /* what Linux before 6.13 knows to be neither 0 nor too much */
    if (!tg_ctx_load_some(ctx, offset, payload->bytes, size))
        return false;
    padded = (size + 3) & ~3u;
    __builtin_memset(payload->bytes + size, 0, sizeof(__u32));
    for (__u32 at = 0; at < TG_LIMIT_CHECKSUM_BYTES; at += TG_SUM_BYTES) {
        __u32 part = padded - at;

        if (padded <= at)
            break;
        if (part > TG_SUM_BYTES)
            part = TG_SUM_BYTES;
        *sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)(payload->bytes + at), part, 0);
    }
    return true;
}

TG_INLINE bool tg_sum_bytes(tg_ctx *ctx, __u32 offset, __u32 length, __u64 *sum)
{
    return tg_ctx_sum(ctx, offset, length, sum) || tg_sum_copied(ctx, offset, length, sum);
}

/* The header's own sum (RFC 791); options are rare. */
TG_INLINE bool tg_ipv4_header_good(tg_ctx *ctx, const struct tg_packet *packet)
{
    __u32 options = packet->l4_offset - packet->l3_offset - (__u32)sizeof(struct tg_ipv4_header);
    struct tg_ipv4_header header;
    __u64 sum;

    if (!tg_ctx_load(ctx, packet->l3_offset, &header, sizeof(header)))
        return false;
    sum = tg_sum_words(0, &header, sizeof(header));
    if (options && !tg_sum_copied(ctx, packet->l3_offset + sizeof(header), options, &sum))
        return false;
    return tg_sum_is_right(sum);
}

/* Offset of the checksum in the L4 header; 0: none is looked at. */
TG_INLINE __u32 tg_checksum_offset(__u8 protocol)
{
    if (protocol == TG_PROTOCOL_TCP)
        return offsetof(struct tg_tcp_header, checksum);
    if (protocol == TG_PROTOCOL_UDP)
        return offsetof(struct tg_udp_header, checksum);
    if (protocol == TG_PROTOCOL_ICMP || protocol == TG_PROTOCOL_ICMPV6)
        return offsetof(struct tg_icmp_header, checksum);
    return 0;
}

/*
 * What the sum of TCP, UDP or ICMP says; `length` is that of header and payload. UDP may have none
 * (RFC 768, RFC 6935). Where packets of local senders come along, a checksum may be unfinished: it
 * is the sum of the pseudo header then, and the device is to do the rest.
 */
TG_INLINE bool tg_transport_good(tg_ctx *ctx, const struct tg_packet *packet, __u32 length)
{
    __u8 protocol = packet->tuple.protocol;
    __be16 field = 0;
    __u64 sum = 0;

    if (!tg_ctx_load(ctx, packet->l4_offset + tg_checksum_offset(protocol), &field, sizeof(field)))
        return false;
    if (protocol == TG_PROTOCOL_UDP && !field)
        return true;
    if (protocol != TG_PROTOCOL_ICMP) {
        sum = tg_sum_pseudo(&packet->tuple.src, &packet->tuple.dst, protocol, length);
        if (tg_ctx_unfinished(packet) && field == tg_sum_fold(sum))
            return true;
    }
    return tg_sum_bytes(ctx, packet->l4_offset, length, &sum) && tg_sum_is_right(sum);
}

/*
 * Whether the packet's checksums are right, as far as they are looked at: the IPv4 header's, and
 * that of TCP, UDP and ICMP, unless the packet has many segments, is a fragment or is longer than
 * TG_LIMIT_CHECKSUM_BYTES, which is counted.
 */
TG_INLINE bool tg_checksums_good(tg_ctx *ctx, struct tg_packet *packet)
{
    if (packet->tuple.family == TG_FAMILY_IPV4 && !tg_ipv4_header_good(ctx, packet))
        return false;
    if (!tg_checksum_offset(packet->tuple.protocol) || tg_packet_is(packet, TG_PACKET_LATER_PIECE))
        return true;
    if (tg_packet_is(packet, TG_PACKET_FIRST_PIECE) || packet->packets > 1 ||
        packet->l3_length > TG_LIMIT_CHECKSUM_BYTES) {
        tg_store_count_tally(TG_TALLY_CHECKSUM_UNVERIFIED, packet->packets, packet->bytes);
        return true;
    }
    return tg_transport_good(ctx, packet,
                             packet->l3_offset + packet->l3_length - packet->l4_offset);
}
