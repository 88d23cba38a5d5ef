/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stages of the rule tables: each walks one built-in chain of the packet's bank. */
#pragma once

#include "core/match.h"
#include "path/bank.h"
#include "path/store.h"

/* What a walk knows while it goes from rule to rule. */
struct tg_walk {
    struct tg_packet *packet;
    void *elements; /* the bank */
    __u32 first;    /* element number of the chain's first rule */
    __u32 action;   /* of the rule that ended the walk; TG_ACTION_COUNT: none has */
    bool lists;     /* the packet's interface lists are known */
};

/* The lists of the packet's interfaces: most rules do not ask for them. */
__noinline int tg_walk_lists(struct tg_packet *packet)
{
    __u32 slot, header_number = TG_BANK_HEADER;
    union tg_bank_element *header;
    void *elements;

    if (!packet)
        return 0;
    slot = packet->bank & 1;
    elements = bpf_map_lookup_elem(&tg_banks, &slot);
    if (!elements)
        return 0;
    header = bpf_map_lookup_elem(elements, &header_number);
    if (!header)
        return 0;
    packet->in_lists = tg_lists_of(elements, &header->header, packet->in_ifindex);
    packet->out_lists = tg_lists_of(elements, &header->header, packet->out_ifindex);
    return 0;
}

/* One rule; 1 ends the walk. */
TG_INLINE long tg_walk_one(__u32 index, struct tg_walk *walk)
{
    __u32 number = walk->first + index;
    union tg_bank_element *element = bpf_map_lookup_elem(walk->elements, &number);

    if (!element)
        return 1;
    if (!walk->lists &&
        element->rule.matchers & (TG_MATCH_IN_INTERFACE_LIST | TG_MATCH_OUT_INTERFACE_LIST)) {
        tg_walk_lists(walk->packet);
        walk->lists = true;
    }
    if (!tg_rule_matches(&element->rule, walk->packet))
        return 0;
    tg_store_count_rule(element->rule.id, walk->packet->packets, walk->packet->bytes);
    if (element->rule.action == TG_ACTION_FASTTRACK ||
        element->rule.action == TG_ACTION_PASSTHROUGH)
        return 0;
    walk->action = element->rule.action;
    return 1;
}

/* … as bpf_loop calls it. */
static long tg_walk_rule(__u32 index, struct tg_walk *walk)
{
    return tg_walk_one(index, walk);
}

/* Rules looked at without a call for each: the rules on established come first in a chain. */
#define TG_WALK_HEAD 3u

/* Finds chain `number` (enum tg_chain_number) for the packet; returns how many rules it has. */
TG_INLINE __u32 tg_walk_start(struct tg_packet *packet, __u32 number, struct tg_walk *walk)
{
    __u32 slot = packet->bank & 1, chains_number = TG_BANK_CHAINS, family;
    union tg_bank_element *element;
    struct tg_chain *chain;

    if (!packet->bank)
        return 0;
    walk->elements = bpf_map_lookup_elem(&tg_banks, &slot);
    if (!walk->elements)
        return 0;
    element = bpf_map_lookup_elem(walk->elements, &chains_number);
    number = tg_opaque(number);
    if (!element || number >= TG_CHAIN_COUNT)
        return 0;
    family = packet->tuple.family == TG_FAMILY_IPV6 ? TG_FAMILY_IPV6 : TG_FAMILY_IPV4;
    chain = &element->chains.chains[family][number];
    walk->packet = packet;
    walk->first = chain->first;
    walk->action = TG_ACTION_COUNT;
    return chain->count;
}

/*
 * Walks chain `number` for the packet, but for its first `skip` rules. Returns the deciding rule's
 * action, or TG_ACTION_COUNT if no rule decided: the end of a built-in chain accepts.
 */
__noinline int tg_walk_chain(struct tg_packet *packet, __u32 number, __u32 skip)
{
    struct tg_walk walk = {};
    __u32 count;

    if (!packet)
        return TG_ACTION_COUNT;
    count = tg_walk_start(packet, number, &walk);
    if (count <= skip)
        return TG_ACTION_COUNT;
    count -= skip;
    walk.first += skip;
    for (__u32 i = 0; i < TG_WALK_HEAD; i++)
        if (i >= count || tg_walk_one(i, &walk))
            return (int)walk.action;
    walk.first += TG_WALK_HEAD;
    bpf_loop(count - TG_WALK_HEAD, tg_walk_rule, &walk, 0);
    return (int)walk.action;
}

/* As tg_walk_chain, the first rule without a call: for the chain that sheds an attack. */
TG_INLINE int tg_walk_raw(struct tg_packet *packet, __u32 number)
{
    struct tg_walk walk = {};
    __u32 count = tg_walk_start(packet, number, &walk);

    if (!count)
        return TG_ACTION_COUNT;
    if (tg_walk_one(0, &walk) || count == 1)
        return (int)walk.action;
    return tg_walk_chain(packet, number, 1);
}

/* raw: what needs no tracker, and what the tracker shall leave alone. */
TG_INLINE int tg_raw(struct tg_packet *packet, __u32 chain)
{
    int action = tg_walk_raw(packet, chain);

    if (action == TG_ACTION_DROP)
        return TG_REASON_RAW_RULE;
    if (action == TG_ACTION_NOTRACK)
        packet->untracked = 1;
    return TG_REASON_NEXT;
}

TG_INLINE int tg_stage_raw_prerouting(struct tg_packet *packet)
{
    return tg_raw(packet, TG_CHAIN_RAW_PREROUTING);
}

TG_INLINE int tg_stage_raw_output(struct tg_packet *packet)
{
    return tg_raw(packet, TG_CHAIN_RAW_OUTPUT);
}

/* filter: drops, or accepts as `accepted`. */
TG_INLINE int tg_filter(struct tg_packet *packet, __u32 chain, int accepted)
{
    if (tg_packet_is(packet, TG_PACKET_PIECE_KNOWN))
        return accepted;
    if (tg_walk_chain(packet, chain, 0) == TG_ACTION_DROP)
        return TG_REASON_FILTER_RULE;
    return accepted;
}

/* For packets to the router itself; others go on. */
TG_INLINE int tg_stage_filter_input(struct tg_packet *packet)
{
    if (!tg_packet_is(packet, TG_PACKET_ROUTER_BOUND))
        return TG_REASON_NEXT;
    return tg_filter(packet, TG_CHAIN_FILTER_INPUT, TG_REASON_INPUT);
}

/* How an accepted packet leaves, or why it cannot: what only the kernel can do is left to it. */
TG_INLINE int tg_forward_reason(const struct tg_packet *packet)
{
    if (tg_packet_is(packet, TG_PACKET_TTL_USED))
        return TG_REASON_TTL_EXCEEDED;
    if (!tg_packet_is(packet, TG_PACKET_TOO_BIG))
        return tg_packet_is(packet, TG_PACKET_BY_KERNEL) ? TG_REASON_FORWARD_STACK
                                                         : TG_REASON_FORWARD;
    return tg_packet_is(packet, TG_PACKET_DONT_FRAGMENT) ? TG_REASON_TOO_BIG
                                                         : TG_REASON_FORWARD_STACK;
}

TG_INLINE int tg_stage_filter_forward(struct tg_packet *packet)
{
    return tg_filter(packet, TG_CHAIN_FILTER_FORWARD, tg_forward_reason(packet));
}

TG_INLINE int tg_stage_filter_output(struct tg_packet *packet)
{
    return tg_filter(packet, TG_CHAIN_FILTER_OUTPUT, TG_REASON_OUTPUT);
}
