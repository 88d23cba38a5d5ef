/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets that the kernel forwards and whose source changes: with the new one the kernel would take
 * them for its own, so they get it at TC egress, each piece the kernel has made of them as well.
 */
#pragma once

#include "core/packet.h"
#include "path/store.h"
#include "path/upper.h"

/*
 * What is the same of the packet at ingress, behind dstnat, and at egress; true: its identification
 * is, since it may be cut into pieces.
 */
TG_INLINE bool tg_unsourced_key(const struct tg_packet *packet, struct tg_unsourced *key)
{
    key->tuple = packet->tuple;
    key->zero = 0;
    key->identification = 0;
    if (tg_packet_is(packet, TG_PACKET_DONT_FRAGMENT) &&
        !tg_packet_is(packet, TG_PACKET_FIRST_PIECE | TG_PACKET_LATER_PIECE))
        return false;
    key->tuple.src_port = key->tuple.dst_port = 0;
    key->identification = (__be32)packet->identification;
    return true;
}

/*
 * Remembers what a packet's source becomes. The segments of one of many (GSO) are numbered from its
 * identification on, and the kernel cuts each into pieces.
 */
__noinline int tg_unsource_packet(struct tg_packet *packet, const struct tg_source *source)
{
    struct tg_unsourced key;
    struct tg_source copy;
    bool numbered;

    if (!packet || !source)
        return 0;
    copy = *source; /* Linux 6.1 takes values of maps from the stack only */
    numbered = tg_unsourced_key(packet, &key);
    if (!tg_store_unsourced(&key, &copy))
        return 0;
    for (__u32 i = 1; numbered && i < TG_LIMIT_CUT_SEGMENTS && i < packet->packets; i++) {
        key.identification = tg_net16((__u16)(tg_host16((__be16)packet->identification) + i));
        if (!tg_store_unsourced(&key, &copy))
            return 0;
    }
    return 1;
}

/*
 * Leaves the source to TC egress, if it changes; false: there is no way to, or nobody of ours sees
 * the packet leave.
 */
TG_INLINE bool tg_unsource(struct tg_packet *packet)
{
    struct tg_tuple *to = &packet->translated;
    struct tg_source source = {.address = to->src, .port = to->src_port};

    if (tg_addr_equal(&to->src, &packet->tuple.src) && to->src_port == packet->tuple.src_port)
        return true;
    if (tg_packet_is(packet, TG_PACKET_ICMP_ERROR) || !tg_is_judged(packet->out_ifindex))
        return false;
    to->src = packet->tuple.src;
    to->src_port = packet->tuple.src_port;
    packet->flags |= TG_PACKET_UNSOURCED;
    return tg_unsource_packet(packet, &source);
}

/* At TC egress: what the packet becomes; false: nobody knows. */
TG_INLINE bool tg_resource(struct tg_packet *packet)
{
    struct tg_source *source;
    struct tg_unsourced key;

    tg_unsourced_key(packet, &key);
    source = bpf_map_lookup_elem(&tg_unsourced, &key);
    if (!source)
        return false;
    packet->translated = packet->tuple;
    packet->translated.src = source->address;
    if (!tg_packet_is(packet, TG_PACKET_LATER_PIECE))
        packet->translated.src_port = source->port;
    packet->flags |= TG_PACKET_TRANSLATED;
    return true;
}
