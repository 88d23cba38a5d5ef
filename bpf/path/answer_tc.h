/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Turns a packet at TC ingress into the ICMP error about it and sends that back. XDP leaves this to
 * TC too: errors are few, their rate being limited before, and here every frame can be changed.
 */
#pragma once

#include "core/reason.h"
#include "path/answer.h"
#include "path/device.h"
#include "path/route.h"
#include "path/send.h"

/* The quotation, while its sum is taken; as many bytes of zeros may follow as one step adds. */
struct tg_quotation {
    __u64 words[TG_QUOTATION_IPV6 / 8 + 1];
};

TG_ASSERT(TG_QUOTATION_IPV6 % 8 == 0 && TG_QUOTATION_IPV4 < TG_QUOTATION_IPV6,
          "summed in whole words");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct tg_quotation);
} tg_quotations SEC(".maps");

/* The sum of `size` bytes from the IP header on; false: they cannot be read. */
__noinline int tg_quotation_sum(tg_ctx *ctx, __u32 offset, __u32 size, __u64 *sum)
{
    __u32 zero = 0, last = tg_opaque(size - 1);
    struct tg_quotation *quotation = bpf_map_lookup_elem(&tg_quotations, &zero);
    __u64 total = 0;

    if (!quotation || !sum || last >= TG_QUOTATION_IPV6)
        return 0;
    size = last + 1;
    if (bpf_skb_load_bytes(ctx, offset, quotation, size))
        return 0;
    for (__u32 i = 0; i < 8; i++)
        ((__u8 *)quotation)[size + i] = 0;
    for (__u32 i = 0; i < TG_QUOTATION_IPV6 / 8; i++) {
        __u64 word = quotation->words[i];

        if (i * 8 >= size)
            break;
        total += (word & 0xffffffff) + (word >> 32);
    }
    *sum = total;
    return 1;
}

/*
 * The sum of what is quoted, as whoever hears of it will see it: where the L4 checksum is not
 * finished yet, somebody will finish it on the error's way, which no helper can prevent.
 */
TG_INLINE bool tg_quoted_sum(tg_ctx *ctx, const struct tg_packet *packet, __u32 quoted, __u64 *sum)
{
    __u32 before = packet->l4_offset - packet->l3_offset;
    __u32 field = tg_l4_checksum_offset(packet->tuple.protocol);
    __be16 checksum;

    if (field && before + field + sizeof(checksum) <= quoted &&
        tg_ctx_load(ctx, packet->l4_offset + field, &checksum, sizeof(checksum)) &&
        tg_l4_unfinished(packet, checksum)) {
        if (!tg_quotation_sum(ctx, packet->l3_offset, before, sum))
            return false;
        *sum += tg_l4_sum_finished(checksum);
        return true;
    }
    return tg_quotation_sum(ctx, packet->l3_offset, quoted, sum);
}

/*
 * Whether there is a way from `src` back to who has sent the packet, for an error of `size` bytes.
 * A function of its own: the stack of all that calls it has to fit 512 bytes.
 */
__noinline int tg_answer_route(tg_ctx *ctx, struct tg_packet *packet, const struct tg_addr *src,
                               __u16 size)
{
    struct tg_tuple back = {};
    struct bpf_fib_lookup fib;
    long answer;

    if (!packet || !src)
        return false;
    back.src = *src;
    back.dst = packet->tuple.src;
    back.family = packet->tuple.family;
    back.protocol = back.family == TG_FAMILY_IPV4 ? TG_PROTOCOL_ICMP : TG_PROTOCOL_ICMPV6;
    answer = tg_fib_lookup(ctx, &back, packet->in_ifindex, 0, size, &fib);
    if (answer != BPF_FIB_LKUP_RET_SUCCESS && answer != BPF_FIB_LKUP_RET_NO_NEIGH)
        return false;
    tg_route_found(packet, &fib);
    return true;
}

/*
 * Cuts the packet down to what is quoted and makes room before it: for a link header of zeros
 * and `head` bytes. A change of the length drops what the skb knows of checksums over all of it and
 * of segments, so there has to be one.
 */
TG_INLINE bool tg_answer_room(tg_ctx *ctx, const struct tg_packet *packet, __u32 quoted, __u32 head)
{
    __u32 end = packet->l3_offset + quoted;

    if (ctx->len == end && bpf_skb_change_tail(ctx, end + 1, 0))
        return false;
    return bpf_skb_change_tail(ctx, end, 0) == 0 &&
           bpf_skb_change_head(ctx, TG_ETHERNET_HEADER + head - packet->l3_offset, 0) == 0;
}

TG_INLINE bool tg_answer_build(tg_ctx *ctx, struct tg_packet *packet,
                               const struct tg_icmp_error *error)
{
    bool ipv4 = packet->tuple.family == TG_FAMILY_IPV4;
    struct tg_device *device = tg_device_of(packet->in_ifindex);
    __u32 quoted = tg_icmp_error_quotes(packet), size = tg_icmp_error_head_size(packet);
    union tg_icmp_error_head head = {};
    struct tg_addr src;
    __u64 sum = 0;

    if (!device)
        return false;
    /* The agent may be writing a new one: an error from a mixture of both hurts nobody. */
    src = device->sources[ipv4 ? TG_FAMILY_IPV4 : TG_FAMILY_IPV6];
    if (!src.halves[0] && !src.halves[1])
        return false;
    if (!tg_answer_route(ctx, packet, &src, (__u16)(size + quoted)) ||
        !tg_quoted_sum(ctx, packet, quoted, &sum) || !tg_untag(ctx, packet) ||
        !tg_answer_room(ctx, packet, quoted, size))
        return false;
    if (ipv4) {
        tg_icmp_error_write_ipv4(&head.ipv4, packet, &src, error, quoted, sum);
        return bpf_skb_store_bytes(ctx, TG_ETHERNET_HEADER, &head, sizeof(head.ipv4),
                                   BPF_F_INVALIDATE_HASH) == 0;
    }
    tg_icmp_error_write_ipv6(&head.ipv6, packet, &src, error, quoted, sum);
    return bpf_skb_store_bytes(ctx, TG_ETHERNET_HEADER, &head, sizeof(head.ipv6),
                               BPF_F_INVALIDATE_HASH) == 0;
}

/* Sends the error in the packet's place; the packet is gone whether that works or not. */
__noinline int tg_answer(tg_ctx *ctx, struct tg_packet *packet, __u32 reason)
{
    struct tg_icmp_error error;

    if (!packet)
        return TG_TC_DROP;
    error = tg_reason_error(reason, packet->tuple.family);
    if (reason == TG_REASON_TOO_BIG)
        error.word = tg_icmp_error_mtu(packet->tuple.family, packet->mtu);
    if (!tg_answer_build(ctx, packet, &error)) {
        tg_store_count_answer(TG_ANSWER_FAILED, packet->packets, packet->bytes);
        return TG_TC_DROP;
    }
    tg_store_count_answer(TG_ANSWER_SENT, packet->packets, packet->bytes);
    /* Nobody judges what the router itself has to say. */
    ctx->tc_index = TG_TAG_FORWARD;
    return tg_redirect(packet);
}
