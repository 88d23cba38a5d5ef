/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections of the router's own that are older than we are: attaching never cuts SSH. */
#pragma once

#include "path/context.h"
#include "path/table.h"

/* Fills what the socket lookup wants of a tuple, remote end first; returns its size. */
TG_INLINE __u32 tg_socket_tuple(const struct tg_tuple *tuple, bool mirrored,
                                struct bpf_sock_tuple *socket)
{
    const struct tg_addr *remote = mirrored ? &tuple->dst : &tuple->src;
    const struct tg_addr *local = mirrored ? &tuple->src : &tuple->dst;
    __be16 remote_port = mirrored ? tuple->dst_port : tuple->src_port;
    __be16 local_port = mirrored ? tuple->src_port : tuple->dst_port;

    __builtin_memset(socket, 0, sizeof(*socket));
    if (tuple->family == TG_FAMILY_IPV4) {
        socket->ipv4.saddr = remote->words[3];
        socket->ipv4.daddr = local->words[3];
        socket->ipv4.sport = remote_port;
        socket->ipv4.dport = local_port;
        return sizeof(socket->ipv4);
    }
    __builtin_memcpy(socket->ipv6.saddr, remote, sizeof(*remote));
    __builtin_memcpy(socket->ipv6.daddr, local, sizeof(*local));
    socket->ipv6.sport = remote_port;
    socket->ipv6.dport = local_port;
    return sizeof(socket->ipv6);
}

/* State (BPF_TCP_*) of the host's socket for the tuple; 0: there is none. */
TG_INLINE __u32 tg_socket_state(tg_ctx *ctx, struct bpf_sock_tuple *tuple, __u32 size)
{
    struct bpf_sock *socket = bpf_skc_lookup_tcp(ctx, tuple, size, BPF_F_CURRENT_NETNS, 0);
    __u32 state;

    if (!socket)
        return 0;
    state = socket->state;
    bpf_sk_release(socket);
    return state;
}

/*
 * Whether the packet, in the middle of a connection we do not know, belongs to an established
 * socket of this host; then the connection is opened as established, or as what the packet makes of
 * that. The end that listens is the server: the other one opened the connection.
 */
TG_INLINE bool tg_adopt(tg_ctx *ctx, struct tg_packet *packet)
{
    bool outgoing = tg_packet_is(packet, TG_PACKET_LOCAL);
    struct bpf_sock_tuple tuple;
    __u32 size = tg_socket_tuple(&packet->tuple, outgoing, &tuple);
    __u8 direction, state;

    if (tg_socket_state(ctx, &tuple, size) != BPF_TCP_ESTABLISHED)
        return false;
    /* Nobody has port 0, so what is found for it is the listener. */
    if (size == sizeof(tuple.ipv4))
        tuple.ipv4.sport = 0;
    else
        tuple.ipv6.sport = 0;
    direction =
        (tg_socket_state(ctx, &tuple, size) == BPF_TCP_LISTEN) == outgoing ? TG_REPLY : TG_ORIGINAL;
    state = tg_tcp_next(direction, tg_tcp_segment(packet->tcp_flags), TG_TCP_STATE_ESTABLISHED);
    if (state >= TG_TCP_STATE_COUNT)
        state = TG_TCP_STATE_ESTABLISHED;
    tg_conn_open(packet, tg_tcp_timeout(state), state, TG_CONN_BOTH_WAYS | TG_CONN_COMPLETE,
                 direction);
    packet->pending.tcp.word |= TG_TCP_SETTLED;
    return true;
}
