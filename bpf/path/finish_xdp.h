/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finish for XDP: drop, send by redirect, or hand over to TC ingress with what was decided. */
#pragma once

#include "core/checksum.h"
#include "core/headers.h"
#include "core/vlan.h"
#include "path/answer.h"
#include "path/device.h"
#include "path/edit.h"
#include "path/finish.h"
#include "path/handover.h"
#include "path/rewrite_xdp.h"
#include "path/unsourced.h"

/* Where frames for the outgoing interface go to the wire: a VLAN's have a tag there. */
TG_INLINE bool tg_xdp_wire(struct tg_packet *packet)
{
    struct tg_device *device = tg_device_of(packet->out_ifindex);

    packet->wire_ifindex = packet->out_ifindex;
    if (!device || device->flags & TG_DEVICE_NO_REDIRECT)
        return false;
    if (!device->lower)
        return true;
    packet->wire_ifindex = device->lower;
    packet->out_vlan = device->vlan;
    device = tg_device_of(packet->wire_ifindex);
    return device && !(device->flags & TG_DEVICE_NO_REDIRECT);
}

/*
 * Frames can leave here: the way out is known to the last byte, and the device takes them. What is
 * an skb already may have an unfinished checksum, which only the kernel's way out finishes; and a
 * priority is of interest only where packets queue, which is behind TC.
 */
TG_INLINE bool tg_xdp_can_send(tg_ctx *ctx, struct tg_packet *packet)
{
    __u32 takes;

    if (!tg_packet_is(packet, TG_PACKET_NEIGHBOUR) || tg_packet_is(packet, TG_PACKET_GENERIC) ||
        packet->edits.prioritised || !tg_xdp_wire(packet))
        return false;
    takes = tg_attached_as(packet->wire_ifindex).xdp_target;
    return takes & TG_TARGET_MANY_BUFFERS || (takes && tg_ctx_one_buffer(ctx));
}

/* The link header the frame leaves with. */
TG_INLINE __u32 tg_xdp_link_header(const struct tg_packet *packet)
{
    return TG_ETHERNET_HEADER +
           (packet->wire_ifindex == packet->out_ifindex ? 0 : (__u32)sizeof(struct tg_vlan_tag));
}

/*
 * Makes the link header as long as it has to be. Before anything is kept of the packet: it may
 * have to go to TC instead, for want of headroom.
 */
TG_INLINE bool tg_xdp_make_room(tg_ctx *ctx, struct tg_packet *packet)
{
    int less = (int)packet->l3_offset - (int)tg_xdp_link_header(packet);

    if (less == 0)
        return true;
    packet->l3_offset -= less;
    packet->l4_offset -= less;
    packet->quoted_l4 -= less;
    packet->piece_offset -= less;
    return bpf_xdp_adjust_head(ctx, less) == 0;
}

/* Both headers at once, as a frame begins. */
struct tg_xdp_head {
    __u8 dst_mac[6];
    __u8 src_mac[6];
    __be16 type;
    __u8 network[sizeof(struct tg_ipv4_header)];
};

struct tg_xdp_tagged_head {
    __u8 dst_mac[6];
    __u8 src_mac[6];
    struct tg_vlan_tag tag;
    __be16 type;
    __u8 network[sizeof(struct tg_ipv4_header)];
};

TG_INLINE void tg_xdp_hop_less(const struct tg_packet *packet, __u8 *network)
{
    if (packet->tuple.family == TG_FAMILY_IPV4)
        tg_ipv4_hop_less((void *)(network + offsetof(struct tg_ipv4_header, ttl)));
    else
        network[offsetof(struct tg_ipv6_header, hop_limit)]--;
}

/* Writes the link header of the way out and takes one hop off. */
TG_INLINE bool tg_xdp_rewrite(tg_ctx *ctx, const struct tg_packet *packet)
{
    struct tg_xdp_head *head = (void *)(long)ctx->data;
    struct tg_xdp_tagged_head *tagged = (void *)(long)ctx->data;
    void *end = (void *)(long)ctx->data_end;

    if ((void *)(head + 1) > end)
        return false;
    __builtin_memcpy(head->dst_mac, packet->out_dst_mac, sizeof(head->dst_mac));
    __builtin_memcpy(head->src_mac, packet->out_src_mac, sizeof(head->src_mac));
    if (packet->wire_ifindex == packet->out_ifindex) {
        head->type = packet->ethertype;
        tg_xdp_hop_less(packet, head->network);
        return true;
    }
    if ((void *)(tagged + 1) > end)
        return false;
    tagged->tag = tg_tag_of_vlan(packet->out_vlan);
    tagged->type = packet->ethertype;
    tg_xdp_hop_less(packet, tagged->network);
    return true;
}

/*
 * Whether no other program will see the packet: it is dropped or sent here. Before the first
 * commit all go on, and so does what TC has to answer. What this says yes to can become a drop in
 * tg_settle, nothing else.
 */
TG_INLINE bool tg_xdp_ends(tg_ctx *ctx, struct tg_packet *packet, __u32 reason)
{
    __u8 verdict = tg_reason_verdict(reason);

    if (!packet->bank)
        return false;
    if (verdict == TG_VERDICT_ANSWER)
        return !tg_answer_due(packet, reason);
    return tg_verdict_ends(verdict) ||
           (verdict == TG_VERDICT_FORWARD && tg_xdp_can_send(ctx, packet) &&
            tg_xdp_make_room(ctx, packet));
}

/*
 * Whether TC goes on with an accepted packet, and counts it: it sends what XDP cannot, by a route
 * it looks up once more, which is that of the packet as it came; and translates what is an skb
 * already.
 */
TG_INLINE bool tg_xdp_hands(const struct tg_packet *packet, __u32 reason, bool ends)
{
    if (tg_reason_verdict(reason) == TG_VERDICT_FORWARD)
        return !ends;
    return tg_packet_is(packet, TG_PACKET_TRANSLATED) && tg_packet_is(packet, TG_PACKET_GENERIC) &&
           tg_reason_accepts(reason);
}

/*
 * Translates an accepted packet before it leaves or goes on; false: that cannot be done. What only
 * the kernel can send gets its source at TC egress.
 */
TG_INLINE bool tg_xdp_translated(tg_ctx *ctx, struct tg_packet *packet, __u32 reason)
{
    if (!tg_packet_is(packet, TG_PACKET_TRANSLATED) || !tg_reason_accepts(reason))
        return true;
    return (reason != TG_REASON_FORWARD_STACK || tg_unsource(packet)) &&
           (tg_xdp_translate_plain(ctx, packet) || tg_xdp_translate(ctx, packet));
}

/*
 * Ends a packet in XDP, or its stay there. Room for the word to TC is made for those that need it
 * only, and before the packet opens a connection: without it the packet is dropped.
 */
TG_INLINE int tg_finish_xdp(tg_ctx *ctx, struct tg_packet *packet, int decided)
{
    bool ends = tg_xdp_ends(ctx, packet, (__u32)decided), handed;
    __u32 reason;
    __u8 verdict;

    if (!ends && !tg_handover_reserve(ctx)) {
        tg_count(packet, TG_REASON_NO_HEADROOM);
        return XDP_DROP;
    }
    reason = (__u32)tg_settle(ctx, packet, (__u32)decided);
    handed = tg_xdp_hands(packet, reason, ends);
    if (!handed && !tg_xdp_translated(ctx, packet, reason))
        reason = TG_REASON_NAT_FAILED;
    if (!handed && !tg_packet_is(packet, TG_PACKET_GENERIC))
        tg_edit(ctx, packet, reason);
    verdict = tg_reason_verdict(reason);
    if (handed) {
        if (verdict == TG_VERDICT_FORWARD)
            tg_store_count_handed(packet->in_ifindex, packet->packets);
        tg_handover_write(ctx, packet, reason, true);
        return XDP_PASS;
    }
    tg_count(packet, reason);
    if (tg_verdict_ends(verdict) || (verdict == TG_VERDICT_ANSWER && ends))
        return XDP_DROP;
    if (verdict != TG_VERDICT_FORWARD) {
        tg_handover_write(ctx, packet, reason, false);
        return XDP_PASS;
    }
    if (!tg_xdp_rewrite(ctx, packet))
        return XDP_ABORTED;
    return (int)bpf_redirect(packet->wire_ifindex, 0);
}
