/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether a rule matches a packet. */
#pragma once

#include "core/packet.h"
#include "core/parse_l4.h"
#include "core/tuple_ops.h"
#include "tidegate/rule.h"

TG_INLINE bool tg_port_within(__u32 port, const struct tg_port_range *range)
{
    return range->low <= port && port <= range->high;
}

/*
 * Whether a port, in host order, lies in one of the rule's ranges behind the first. Most rules have
 * one; without a branch for each range, of which the verifier would follow both ways.
 */
TG_SEPARATE int tg_port_behind(const struct tg_rule *rule, __u32 port, __u32 destination)
{
    __u32 outside = ~0u, count;

    if (!rule)
        return 0;
    count = destination ? rule->dst_port_count : rule->src_port_count;
    for (__u32 i = 1; i < TG_LIMIT_PORT_RANGES && i < count; i++) {
        const struct tg_port_range *range = destination ? &rule->dst_ports[i] : &rule->src_ports[i];

        outside &= (port - range->low) | (range->high - port);
    }
    return !(outside >> 31);
}

TG_INLINE bool tg_src_port_in(const struct tg_rule *rule, __be16 wire_port)
{
    __u32 port = tg_host16(wire_port);

    return tg_port_within(port, &rule->src_ports[0]) ||
           (rule->src_port_count > 1 && tg_port_behind(rule, port, false));
}

TG_INLINE bool tg_dst_port_in(const struct tg_rule *rule, __be16 wire_port)
{
    __u32 port = tg_host16(wire_port);

    return tg_port_within(port, &rule->dst_ports[0]) ||
           (rule->dst_port_count > 1 && tg_port_behind(rule, port, true));
}

/* Ports can be matched where there is an L4 header that can be trusted. */
TG_INLINE bool tg_ports_known(const struct tg_packet *packet)
{
    return tg_has_ports(packet->tuple.protocol) &&
           !tg_packet_is(packet, TG_PACKET_L4_BAD | TG_PACKET_LATER_PIECE);
}

/* Matchers that are one comparison. */
#define TG_MATCH_CHEAP                                                                             \
    (TG_MATCH_CONNECTION_STATE | TG_MATCH_PROTOCOL | TG_MATCH_IN_INTERFACE |                       \
     TG_MATCH_OUT_INTERFACE | TG_MATCH_IN_INTERFACE_LIST | TG_MATCH_OUT_INTERFACE_LIST |           \
     TG_MATCH_FRAGMENT | TG_MATCH_NAT_STATE | TG_MATCH_CONNECTION_MARK | TG_MATCH_PACKET_MARK)

/* Which of the cheap matchers hold for the packet. */
TG_INLINE __u32 tg_rule_cheap(const struct tg_rule *rule, const struct tg_packet *packet)
{
    __u32 holding = 0;

    if (rule->states >> (packet->connection_state & 7) & 1)
        holding |= TG_MATCH_CONNECTION_STATE;
    if (rule->protocol == packet->tuple.protocol)
        holding |= TG_MATCH_PROTOCOL;
    if (rule->in_ifindex == packet->in_ifindex)
        holding |= TG_MATCH_IN_INTERFACE;
    if (rule->out_ifindex == packet->out_ifindex)
        holding |= TG_MATCH_OUT_INTERFACE;
    if (packet->in_lists >> (rule->in_list & 63) & 1)
        holding |= TG_MATCH_IN_INTERFACE_LIST;
    if (packet->out_lists >> (rule->out_list & 63) & 1)
        holding |= TG_MATCH_OUT_INTERFACE_LIST;
    if (tg_packet_is(packet, TG_PACKET_LATER_PIECE))
        holding |= TG_MATCH_FRAGMENT;
    if (rule->nat_states & packet->nat_states)
        holding |= TG_MATCH_NAT_STATE;
    if (rule->connection_mark == packet->connection_mark)
        holding |= TG_MATCH_CONNECTION_MARK;
    if (rule->packet_mark == packet->packet_mark)
        holding |= TG_MATCH_PACKET_MARK;
    return holding;
}

/* The port that a class of packets has in common; 0: the packet has none. */
TG_INLINE __u32 tg_class_port(const struct tg_packet *packet, __be16 port)
{
    return tg_ports_known(packet) ? (__u32)tg_host16(port) : 0;
}

TG_INLINE __u32 tg_class_mix(__u32 hash, __u32 word)
{
    hash = (hash ^ word) * 0x9e3779b1u;
    return hash ^ hash >> 15;
}

TG_INLINE __u32 tg_class_address(__u32 hash, const struct tg_addr *address)
{
    for (int i = 0; i < 4; i++)
        hash = tg_class_mix(hash, tg_host32(address->words[i]));
    return hash;
}

/* Which of so many classes the packet is of: equal fields are of one class, now and for ever. */
TG_INLINE __u32 tg_class_of(const struct tg_packet *packet, __u8 fields, __u16 classes)
{
    const struct tg_tuple *tuple = &packet->tuple;
    __u32 hash = 0;

    if (fields & TG_CLASSIFIER_SRC_ADDRESS)
        hash = tg_class_address(hash, &tuple->src);
    if (fields & TG_CLASSIFIER_DST_ADDRESS)
        hash = tg_class_address(hash, &tuple->dst);
    if (fields & TG_CLASSIFIER_SRC_PORT)
        hash = tg_class_mix(hash, tg_class_port(packet, tuple->src_port));
    if (fields & TG_CLASSIFIER_DST_PORT)
        hash = tg_class_mix(hash, tg_class_port(packet, tuple->dst_port));
    hash = tg_class_mix(hash, hash >> 16);
    return classes ? hash % classes : 0;
}

/* Matchers that few rules have. */
#define TG_MATCH_RARE                                                                              \
    (TG_MATCH_TTL | TG_MATCH_DSCP | TG_MATCH_PRIORITY | TG_MATCH_ROUTING_MARK |                    \
     TG_MATCH_CLASSIFIER | TG_MATCH_TCP_FLAGS | TG_MATCH_MAPPED)

/* The flags of an impossible combination are known too: it is what rules ask for. */
TG_INLINE bool tg_tcp_flags_known(const struct tg_packet *packet)
{
    return packet->tuple.protocol == TG_PROTOCOL_TCP && packet->l4_header;
}

/* Whether those that the rule has match; without a TCP header no matcher of its flags does. */
TG_SEPARATE int tg_rule_matches_rare(const struct tg_rule *rule, const struct tg_packet *packet)
{
    __u32 holding = 0;

    if (!rule || !packet)
        return 0;
    if (rule->matchers & TG_MATCH_TCP_FLAGS && !tg_tcp_flags_known(packet))
        return 0;
    if ((packet->tcp_flags & rule->tcp_set) == rule->tcp_set &&
        !(packet->tcp_flags & rule->tcp_clear))
        holding |= TG_MATCH_TCP_FLAGS;
    if (rule->ttl_low <= packet->edits.ttl && packet->edits.ttl <= rule->ttl_high)
        holding |= TG_MATCH_TTL;
    if (tg_packet_is(packet, TG_PACKET_MAPPABLE))
        holding |= TG_MATCH_MAPPED;
    if (rule->dscp == packet->edits.tos >> 2)
        holding |= TG_MATCH_DSCP;
    if (rule->priority == packet->edits.priority)
        holding |= TG_MATCH_PRIORITY;
    if (rule->routing_mark == packet->edits.routing_mark)
        holding |= TG_MATCH_ROUTING_MARK;
    if (rule->matchers & TG_MATCH_CLASSIFIER &&
        tg_class_of(packet, rule->classifier_fields, rule->classifier_classes) ==
            rule->classifier_class)
        holding |= TG_MATCH_CLASSIFIER;
    return !((holding ^ rule->negated ^ rule->matchers) & rule->matchers & TG_MATCH_RARE);
}

/* The other matchers of the rule that hold for the packet, before negation. */
TG_INLINE __u32 tg_rule_holding(const struct tg_rule *rule, const struct tg_packet *packet)
{
    __u32 wanted = rule->matchers, holding = 0;

    /* Most rules that do not match are told by these, and the rest is dearer. */
    if (wanted & TG_MATCH_CHEAP) {
        holding = tg_rule_cheap(rule, packet);
        if ((holding ^ rule->negated ^ wanted) & wanted & TG_MATCH_CHEAP)
            return holding;
    }
    if (wanted & TG_MATCH_SRC_ADDRESS && tg_addr_in(&packet->tuple.src, &rule->src))
        holding |= TG_MATCH_SRC_ADDRESS;
    if (wanted & TG_MATCH_DST_ADDRESS && tg_addr_in(&packet->tuple.dst, &rule->dst))
        holding |= TG_MATCH_DST_ADDRESS;
    if (wanted & TG_MATCH_SRC_PORT && tg_src_port_in(rule, packet->tuple.src_port))
        holding |= TG_MATCH_SRC_PORT;
    if (wanted & TG_MATCH_DST_PORT && tg_dst_port_in(rule, packet->tuple.dst_port))
        holding |= TG_MATCH_DST_PORT;
    return holding;
}

/* Every matcher must hold, a negated one must not; without ports no port matcher matches at all. */
TG_INLINE bool tg_rule_matches(const struct tg_rule *rule, const struct tg_packet *packet)
{
    __u32 ports = TG_MATCH_SRC_PORT | TG_MATCH_DST_PORT, wanted = rule->matchers & ~TG_MATCH_RARE;

    /* First of all: the verifier then looks at what follows once. */
    if (rule->matchers & TG_MATCH_RARE && !tg_rule_matches_rare(rule, packet))
        return false;
    if (rule->matchers & ports && !tg_ports_known(packet))
        return false;
    return ((tg_rule_holding(rule, packet) ^ rule->negated) & wanted) == wanted;
}
