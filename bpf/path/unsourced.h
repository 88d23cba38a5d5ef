/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets that the kernel forwards and whose source changes: with the new one the kernel would take
 * them for its own, so they get it at TC egress, each piece the kernel has made of them as well.
 */
#pragma once

#include "core/packet.h"
#include "path/store.h"

/* What is the same of the packet at ingress, behind dstnat, and at egress. */
TG_INLINE void tg_unsourced_key(const struct tg_packet *packet, struct tg_unsourced *key)
{
    key->tuple = packet->tuple;
    key->zero = 0;
    key->identification = 0;
    if (tg_packet_is(packet, TG_PACKET_DONT_FRAGMENT) &&
        !tg_packet_is(packet, TG_PACKET_FIRST_PIECE | TG_PACKET_LATER_PIECE))
        return;
    key->tuple.src_port = key->tuple.dst_port = 0;
    key->identification = (__be32)packet->identification;
}

/* Leaves the source to TC egress, if it changes; false: there is no way to. */
TG_INLINE bool tg_unsource(struct tg_packet *packet)
{
    struct tg_tuple *to = &packet->translated;
    struct tg_unsourced key;
    struct tg_source source = {.address = to->src, .port = to->src_port};

    if (tg_addr_equal(&to->src, &packet->tuple.src) && to->src_port == packet->tuple.src_port)
        return true;
    if (tg_packet_is(packet, TG_PACKET_ICMP_ERROR))
        return false;
    tg_unsourced_key(packet, &key);
    to->src = packet->tuple.src;
    to->src_port = packet->tuple.src_port;
    packet->flags |= TG_PACKET_UNSOURCED;
    return tg_store_unsourced(&key, &source);
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
