/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A reply tuple that no other connection has, for one whose source is translated. The search only
 * reads; what it finds is the connection's once its record hangs in the table by that tuple, and if
 * another CPU was faster there, the search goes on.
 */
#pragma once

#include "core/nat.h"
#include "path/adopt.h"
#include "path/nat.h"
#include "path/scratch.h"
#include "path/table.h"

/*
 * Whether the pending reply is another connection's, or its port one that a mapping has. A mapping
 * of the packet's own source counts: whoever has one asks for no port.
 */
TG_INLINE bool tg_port_taken(struct tg_packet *packet)
{
    if (tg_living(packet, &packet->pending.reply))
        return true;
    if (!packet->nat_ports.mappings)
        return false;
    tg_mapping_outer(&packet->pending.reply, &packet->mapping.reply);
    return tg_living(packet, &packet->mapping.reply);
}

/* A search for a free port of the packet in hand; the rest is in its slot, for want of stack. */
struct tg_port_search {
    __u32 first;  /* probe the search begins with */
    __u32 cursor; /* see tg_nat_probe */
    __u32 probe;  /* the one that was free */
    __u32 found;
};

static long tg_port_try(__u32 step, struct tg_port_search *search)
{
    struct tg_packet *packet = tg_packet_slot();
    __u32 probe = search->first + step;
    __u64 hash;

    if (!packet)
        return 1;
    hash = packet->hash ^ (__u64)packet->nat_ports.scattered << 32;
    tg_nat_set_port(&packet->pending.reply,
                    tg_nat_probe(&packet->nat_ports, hash, search->cursor, probe));
    if (tg_port_taken(packet))
        return 0;
    search->probe = probe;
    search->found = 1;
    return 1;
}

/* Which cursor serves the tuple. */
TG_INLINE __u32 tg_nat_cursor_of(const struct tg_tuple *reply)
{
    return (__u32)(tg_endpoint_hash(&reply->dst, reply->protocol, reply->src.halves[1]) >> 32) &
           (TG_NAT_CURSORS - 1);
}

/*
 * Tries the ports from number `first` on; returns the number behind the one that was free, which is
 * in packet->pending.reply then. 0: none was.
 */
__noinline int tg_nat_search(struct tg_packet *packet, __u32 first)
{
    struct tg_port_search search = {.first = first};
    __u32 number, probes, *cursor;

    if (!packet)
        return 0;
    number = tg_nat_cursor_of(&packet->pending.reply);
    cursor = bpf_map_lookup_elem(&tg_nat_cursors, &number);
    if (cursor)
        search.cursor = *(volatile __u32 *)cursor;
    probes = tg_nat_probes(&packet->nat_ports);
    if (first >= probes)
        return 0;
    bpf_loop(probes - first, tg_port_try, &search, 0);
    if (cursor && (!search.found || search.probe >= TG_NAT_SCATTERED))
        tg_store_cursor(cursor, search.cursor + (search.found ? search.probe + 1 : probes) -
                                    TG_NAT_SCATTERED);
    return search.found ? (int)search.probe + 1 : 0;
}

/* Whether a socket of the router would be sent what comes for the pending reply's receiver. */
__noinline int tg_nat_is_socket(tg_ctx *ctx, const struct tg_packet *packet)
{
    struct bpf_sock_tuple tuple;
    struct bpf_sock *socket;
    struct tg_addr own;
    __u32 *kind, size;
    __u8 protocol;

    if (!packet)
        return false;
    protocol = packet->tuple.protocol;
    own = packet->pending.reply.dst;
    if (protocol != TG_PROTOCOL_TCP && protocol != TG_PROTOCOL_UDP)
        return false;
    kind = bpf_map_lookup_elem(&tg_addresses, &own);
    if (!kind || !(*kind & TG_ADDRESS_OWN))
        return false;
    size = tg_socket_tuple(&packet->pending.reply, false, &tuple);
    if (protocol == TG_PROTOCOL_TCP)
        socket = bpf_skc_lookup_tcp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
    else
        socket = bpf_sk_lookup_udp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
    if (!socket)
        return false;
    bpf_sk_release(socket);
    return true;
}

/* Whether the port it came with may stay, lies in the range and is nobody else's. */
TG_INLINE bool tg_nat_keeps(tg_ctx *ctx, struct tg_packet *packet)
{
    __u32 port = tg_nat_port(&packet->pending.reply);

    if (packet->nat_ports.size &&
        (packet->nat_ports.scattered || port - packet->nat_ports.low >= packet->nat_ports.size))
        return false;
    if (tg_port_taken(packet))
        return false;
    /* What the router sends itself is its socket's. */
    return tg_packet_is(packet, TG_PACKET_LOCAL) || !tg_nat_is_socket(ctx, packet);
}

/*
 * What was changed, now that the port is known: a rule may leave all as it is, and a connection
 * whose destination alone was to change may have needed another port.
 */
TG_INLINE void tg_nat_conclude(struct tg_packet *packet)
{
    const struct tg_tuple *from = &packet->pending.original;
    struct tg_tuple *to = &packet->translated;
    __u64 changed = 0;

    tg_tuple_mirror(&packet->pending.reply, to);
    if (!tg_addr_equal(&from->src, &to->src) || from->src_port != to->src_port)
        changed |= TG_CONN_FLAG_SRCNAT | TG_CONN_TRANSLATED;
    if (!tg_addr_equal(&from->dst, &to->dst) || from->dst_port != to->dst_port)
        changed |= TG_CONN_FLAG_DSTNAT | TG_CONN_TRANSLATED;
    packet->pending.word &=
        ~((__u64)(TG_CONN_FLAG_SRCNAT | TG_CONN_FLAG_DSTNAT | TG_CONN_TRANSLATED)
          << TG_WORD_FLAGS_SHIFT);
    packet->pending.word |= changed << TG_WORD_FLAGS_SHIFT;
    packet->flags &= ~TG_PACKET_TRANSLATED;
    if (changed)
        packet->flags |= TG_PACKET_TRANSLATED;
}

/* A port for the pending reply that nobody has; false: none is left. */
TG_INLINE bool tg_nat_find_port(tg_ctx *ctx, struct tg_packet *packet)
{
    int next = 0;

    if (tg_nat_keeps(ctx, packet))
        return true;
    for (__u32 i = 0; i < TG_LIMIT_NAT_SOCKETS; i++) {
        next = tg_nat_search(packet, (__u32)next);
        if (!next)
            return false;
        if (!tg_nat_is_socket(ctx, packet))
            return true;
    }
    return false;
}

/*
 * The port that the mapping says which the packet's source has: 1, or 0: it has none yet. Negative:
 * it has, and another connection has the same replies, which began before the mapping did.
 */
TG_INLINE int tg_nat_port_mapped(struct tg_packet *packet)
{
    __u32 id = tg_living(packet, &packet->mapping.original);
    const struct tg_conn *mapping = tg_nat_mapped(packet, id, TG_MAPPED_SOURCE);

    if (!mapping)
        return 0;
    packet->pending.reply.dst_port = mapping->reply.dst_port;
    return tg_living(packet, &packet->pending.reply) ? -1 : 1;
}

/* Makes the pending reply one that nobody has; false: no port is left. */
__noinline int tg_nat_choose(tg_ctx *ctx, struct tg_packet *packet)
{
    int mapped;

    if (!packet)
        return false;
    mapped = tg_packet_is(packet, TG_PACKET_MAPS) ? tg_nat_port_mapped(packet) : 0;
    if (mapped < 0 || (!mapped && !tg_nat_find_port(ctx, packet)))
        return false;
    tg_nat_conclude(packet);
    return true;
}
