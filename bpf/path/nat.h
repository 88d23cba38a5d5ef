/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stages of NAT. The chains are asked about the packet that opens a connection, and their answer is
 * the connection's reply tuple; all others follow the record. Destinations change before the route
 * is looked up, sources behind the filter.
 */
#pragma once

#include "core/nat.h"
#include "core/reason.h"
#include "path/chains.h"
#include "path/device.h"
#include "path/table.h"

/* Whether the packet opens a connection that NAT may translate. */
TG_INLINE bool tg_nat_decides(const struct tg_packet *packet)
{
    return tg_packet_is(packet, TG_PACKET_PENDING) && packet->direction == TG_ORIGINAL &&
           packet->connection_state == TG_CONNECTION_STATE_NEW;
}

/* The rule that ended the packet's last walk; NULL: no bank. */
TG_INLINE const struct tg_rule *tg_nat_rule(const struct tg_packet *packet)
{
    union tg_bank_element *element = tg_bank_element(packet->bank, packet->matched);

    return element ? &element->rule : NULL;
}

/* The interface's own address of the packet's family; false: it has none. */
TG_INLINE bool tg_nat_own_address(const struct tg_packet *packet, __u32 ifindex,
                                  struct tg_addr *address)
{
    struct tg_device *device = tg_device_of(ifindex);
    bool ipv4 = packet->tuple.family == TG_FAMILY_IPV4;

    if (!device || !(device->flags & (ipv4 ? TG_DEVICE_OWN_IPV4 : TG_DEVICE_OWN_IPV6)))
        return false;
    *address = device->sources[ipv4 ? TG_FAMILY_IPV4 : TG_FAMILY_IPV6];
    return true;
}

/*
 * The id of the record that the tuple is one of, be it a connection's or a mapping's; 0: there is
 * none. One that is overdue ends here.
 */
__noinline __u32 tg_living(const struct tg_packet *packet, const struct tg_tuple *tuple)
{
    struct tg_found found;

    if (!packet || !tuple)
        return 0;
    found = tg_conn_find(tuple, tg_hash_of(tuple));
    if (!found.conn || tg_store_is_gone(found.conn))
        return 0;
    if (!tg_conn_over(found.conn, found.word, packet->now, packet->bank))
        return found.conn->id;
    tg_conn_close(found.conn, found.word, packet->now);
    return 0;
}

/* Whether mappings have to do with the packet: it is UDP, and there are rules that make them. */
TG_INLINE bool tg_nat_maps(const struct tg_packet *packet)
{
    return packet->tuple.protocol == TG_PROTOCOL_UDP && tg_bank_settings(packet->bank)->mappings;
}

/*
 * The mapping with this id, which the pending connection then has; NULL: there is none. It may end
 * while it is read, and lives no other life before the packet is done: then the connection is what
 * it would have been a moment ago.
 */
TG_INLINE const struct tg_conn *tg_nat_mapped(struct tg_packet *packet, __u32 id,
                                              enum tg_mapped_end end)
{
    const struct tg_conn *mapping = id ? tg_record(id) : NULL;

    packet->pending.mapped[end].id = 0;
    if (!mapping)
        return NULL;
    packet->pending.mapped[end].id = id;
    packet->pending.mapped[end].generation =
        tg_word_generation(*(const volatile __u64 *)&mapping->word);
    packet->pending.word |= (__u64)TG_CONN_MAPPED << TG_WORD_FLAGS_SHIFT;
    return mapping;
}

/* Which mapping has the port that the packet is sent to; 0: none has. */
TG_INLINE __u32 tg_nat_mapping_of(struct tg_packet *packet)
{
    if (!tg_nat_maps(packet))
        return 0;
    tg_mapping_outer(&packet->tuple, &packet->mapping.reply);
    return tg_living(packet, &packet->mapping.reply);
}

#define TG_NAT_DESTINATIONS                                                                        \
    (1u << TG_ACTION_DST_NAT | 1u << TG_ACTION_REDIRECT | 1u << TG_ACTION_NETMAP |                 \
     1u << TG_ACTION_SAME | 1u << TG_ACTION_ENDPOINT_INDEPENDENT)

/* Asks a chain for the destination. */
__noinline int tg_nat_destination(tg_ctx *ctx, struct tg_packet *packet, __u32 chain)
{
    const struct tg_conn *mapping;
    const struct tg_rule *rule;
    struct tg_addr address;
    __u32 id;
    int action;

    if (!packet)
        return TG_REASON_NO_SCRATCH;
    id = tg_nat_mapping_of(packet);
    if (id)
        packet->flags |= TG_PACKET_MAPPABLE;
    action = tg_walk_chain(ctx, packet, chain);
    if (!(1u << (action & 31) & TG_NAT_DESTINATIONS))
        return TG_REASON_NEXT;
    rule = tg_nat_rule(packet);
    if (!rule)
        return TG_REASON_NEXT;
    address = packet->tuple.dst;
    if (action == TG_ACTION_REDIRECT) {
        if (!tg_nat_own_address(packet, packet->in_ifindex, &address))
            return TG_REASON_NAT_NO_ADDRESS;
    } else if (action == TG_ACTION_NETMAP) {
        address = tg_netmap_address(&rule->does.nat.addresses, &address);
    } else if (action == TG_ACTION_ENDPOINT_INDEPENDENT) {
        mapping = tg_nat_mapped(packet, id, TG_MAPPED_DESTINATION);
        if (!mapping)
            return TG_REASON_NEXT;
        address = mapping->original.src;
        packet->pending.reply.src_port = mapping->original.src_port;
    } else if (tg_nat_has_addresses(&rule->does.nat)) {
        address = tg_nat_address(&rule->does.nat, &packet->tuple);
    }
    packet->pending.reply.src = address;
    if (tg_nat_has_ports(&rule->does.nat) && tg_has_ports(packet->tuple.protocol) &&
        tg_port_changes(&packet->tuple))
        packet->pending.reply.src_port =
            tg_nat_dst_port(&rule->does.nat.ports, packet->tuple.dst_port, packet->hash);
    tg_tuple_mirror(&packet->pending.reply, &packet->translated);
    if (tg_tuple_equal(&packet->translated, &packet->tuple))
        return TG_REASON_NEXT;
    packet->nat_states = TG_NAT_STATE_DSTNAT;
    if (action == TG_ACTION_ENDPOINT_INDEPENDENT)
        packet->nat_states |= TG_NAT_STATE_EIN_DNAT;
    packet->flags |= TG_PACKET_TRANSLATED;
    return TG_REASON_NEXT;
}

/* From here on chains and routes see the new destination, if it is one. */
TG_INLINE void tg_nat_turn(struct tg_packet *packet)
{
    if (tg_addr_equal(&packet->tuple.dst, &packet->translated.dst) &&
        packet->tuple.dst_port == packet->translated.dst_port)
        return;
    packet->wire = packet->tuple;
    packet->tuple.dst = packet->translated.dst;
    if (!tg_packet_is(packet, TG_PACKET_ICMP_ERROR))
        packet->tuple.dst_port = packet->translated.dst_port;
    packet->flags |= TG_PACKET_HALFWAY;
}

/* … if the packet opens a connection or belongs to a translated one. */
TG_INLINE int tg_nat_first(tg_ctx *ctx, struct tg_packet *packet, __u32 chain)
{
    int reason = TG_REASON_NEXT;

    if (!tg_packet_is(packet, TG_PACKET_PENDING | TG_PACKET_TRANSLATED))
        return TG_REASON_NEXT;
    if (tg_nat_decides(packet) && tg_chain_used(packet, chain))
        reason = tg_nat_destination(ctx, packet, chain);
    if (!reason && tg_packet_is(packet, TG_PACKET_TRANSLATED))
        tg_nat_turn(packet);
    return reason;
}

TG_INLINE int tg_stage_dstnat(tg_ctx *ctx, struct tg_packet *packet)
{
    return tg_nat_first(ctx, packet, TG_CHAIN_NAT_DSTNAT);
}

TG_INLINE int tg_stage_nat_output(tg_ctx *ctx, struct tg_packet *packet)
{
    return tg_nat_first(ctx, packet, TG_CHAIN_NAT_OUTPUT);
}

/*
 * Whether the router's own connection would have the same answers as a translated one: it then gets
 * another port as well.
 */
TG_INLINE bool tg_nat_collides(const struct tg_packet *packet)
{
    return tg_packet_is(packet, TG_PACKET_LOCAL) && tg_living(packet, &packet->pending.reply);
}

/* The chain that says what a packet's source becomes that was accepted as `decided`. */
TG_INLINE __u32 tg_nat_last_chain(__u32 decided)
{
    return tg_reason_verdict(decided) == TG_VERDICT_INPUT ? TG_CHAIN_NAT_INPUT
                                                          : TG_CHAIN_NAT_SRCNAT;
}

#define TG_NAT_SOURCES                                                                             \
    (1u << TG_ACTION_SRC_NAT | 1u << TG_ACTION_MASQUERADE | 1u << TG_ACTION_NETMAP |               \
     1u << TG_ACTION_SAME | 1u << TG_ACTION_ENDPOINT_INDEPENDENT)

/* Whether the rule gives the source the address of the way out. */
TG_INLINE bool tg_nat_masquerades(const struct tg_rule *rule)
{
    return rule->action == TG_ACTION_MASQUERADE ||
           (rule->action == TG_ACTION_ENDPOINT_INDEPENDENT &&
            !tg_nat_has_addresses(&rule->does.nat));
}

/* Asks it. */
__noinline int tg_nat_source(tg_ctx *ctx, struct tg_packet *packet, __u32 decided)
{
    const struct tg_rule *rule = NULL;
    struct tg_addr address;
    int action;

    if (!packet)
        return TG_REASON_NO_SCRATCH;
    packet->nat_ports = tg_nat_ports_like(&packet->tuple);
    packet->nat_ports.mappings = tg_nat_maps(packet);
    if (packet->nat_ports.mappings)
        packet->flags |= TG_PACKET_MAPPABLE;
    action = tg_walk_chain(ctx, packet, tg_nat_last_chain(decided));
    if (action == TG_ACTION_UNDECIDED)
        return TG_REASON_WAY_UNKNOWN;
    if (1u << (action & 31) & TG_NAT_SOURCES)
        rule = tg_nat_rule(packet);
    if (!rule) {
        if (tg_nat_collides(packet))
            packet->flags |= TG_PACKET_TRANSLATED;
        return (int)decided;
    }
    address = packet->tuple.src;
    if (tg_nat_masquerades(rule)) {
        if (!tg_nat_own_address(packet, packet->out_ifindex, &address))
            return TG_REASON_NAT_NO_ADDRESS;
        packet->pending.word |= (__u64)TG_CONN_MASQUERADED << TG_WORD_FLAGS_SHIFT;
    } else if (action == TG_ACTION_NETMAP) {
        address = tg_netmap_address(&rule->does.nat.addresses, &address);
    } else if (tg_nat_has_addresses(&rule->does.nat)) {
        address = tg_nat_address(&rule->does.nat, &packet->tuple);
    }
    packet->pending.reply.dst = address;
    if (action == TG_ACTION_ENDPOINT_INDEPENDENT && !tg_addr_equal(&address, &packet->tuple.src)) {
        tg_mapping_inner(&packet->tuple, &address, &packet->mapping.original);
        packet->flags |= TG_PACKET_MAPS;
    }
    if (tg_nat_has_ports(&rule->does.nat) && tg_port_changes(&packet->tuple))
        tg_nat_set_ports(&packet->nat_ports, &rule->does.nat.ports);
    if (rule->does.nat.scattered)
        packet->nat_ports.scattered = bpf_get_prandom_u32() | 1;
    packet->flags |= TG_PACKET_TRANSLATED;
    return (int)decided;
}

/*
 * Behind the filter, which has accepted the packet as `decided`, or has not. Without rules there,
 * the router's own connections may need a port all the same, and those whose destination changes.
 */
TG_INLINE int tg_stage_srcnat(tg_ctx *ctx, struct tg_packet *packet, int decided)
{
    if (!tg_packet_is(packet, TG_PACKET_PENDING) || !packet->bank || !tg_nat_decides(packet) ||
        !tg_reason_accepts((__u32)decided))
        return decided;
    if (!tg_chain_used(packet, tg_nat_last_chain((__u32)decided)) &&
        !tg_packet_is(packet, TG_PACKET_LOCAL | TG_PACKET_TRANSLATED))
        return decided;
    return tg_nat_source(ctx, packet, (__u32)decided);
}

TG_ASSERT(TG_CONN_FLAG_BIT_DSTNAT == TG_CONN_FLAG_BIT_SRCNAT + 1 && TG_NAT_STATE_SRCNAT == 1 &&
              TG_NAT_STATE_DSTNAT == 2,
          "flags of a connection and states of its packets lie alike");

/* What rules see of a connection that has these flags: TG_NAT_STATE_*. */
TG_INLINE __u8 tg_nat_states(const struct tg_conn *conn, __u16 flags)
{
    __u8 states = flags >> TG_CONN_FLAG_BIT_SRCNAT & (TG_NAT_STATE_SRCNAT | TG_NAT_STATE_DSTNAT);

    if (conn->original.protocol == TG_PROTOCOL_UDP && flags & TG_CONN_MAPPED)
        states |= (conn->mapped[TG_MAPPED_SOURCE].id ? TG_NAT_STATE_EIN_SNAT : 0) |
                  (conn->mapped[TG_MAPPED_DESTINATION].id ? TG_NAT_STATE_EIN_DNAT : 0);
    return states;
}

/* What a packet becomes that belongs to this connection, if that is translated. */
TG_INLINE void tg_nat_follow(struct tg_packet *packet, const struct tg_found *found)
{
    const struct tg_conn *conn = found->conn;
    __u16 flags = tg_word_flags(found->word);

    if (!(flags & TG_CONN_TRANSLATED))
        return;
    tg_tuple_mirror(found->direction == TG_REPLY ? &conn->original : &conn->reply,
                    &packet->translated);
    packet->nat_states = tg_nat_states(conn, flags);
    packet->flags |= TG_PACKET_TRANSLATED;
}

/*
 * The same for an ICMP error about a packet of the connection's other direction, which was seen
 * there as it left. Where the connection's packets change their source on this way, the error gets
 * that source too, whoever on the inner side it comes from (as Linux does; RFC 5508 REQ-4 and 5).
 */
TG_INLINE void tg_nat_follow_error(struct tg_packet *packet, const struct tg_found *found)
{
    const struct tg_conn *conn = found->conn;
    bool reply = found->direction == TG_REPLY;
    const struct tg_tuple *quoted = reply ? &conn->original : &conn->reply;
    const struct tg_tuple *way = reply ? &conn->reply : &conn->original;
    __u16 flags = tg_word_flags(found->word);

    if (!(flags & TG_CONN_TRANSLATED))
        return;
    packet->requoted = *quoted;
    packet->translated = packet->tuple;
    packet->translated.dst = quoted->src;
    if (!tg_addr_equal(&way->src, &quoted->dst))
        packet->translated.src = quoted->dst;
    packet->nat_states = tg_nat_states(conn, flags);
    packet->flags |= TG_PACKET_TRANSLATED;
}
