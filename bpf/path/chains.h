/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stages of the rule tables: each walks a built-in chain of the packet's bank. */
#pragma once

#include "core/match.h"
#include "core/reason.h"
#include "path/bank.h"
#include "path/mangle.h"
#include "path/store.h"

/* What a walk knows while it goes from rule to rule. */
struct tg_walk {
    tg_ctx *ctx;
    struct tg_packet *packet;
    void *elements; /* the bank */
    __u32 first;    /* the element number of step 0, if no step had jumped */
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

/*
 * Where a walk goes on after a jump to element `to`, which leaves `behind` for later, or, if `to`
 * is 0, at the end of the chain it is in. 0: nowhere, the built-in chain has ended.
 */
__noinline int tg_walk_turn(struct tg_packet *packet, __u32 to, __u32 behind)
{
    __u32 last;

    if (!packet)
        return 0;
    if (to) {
        __u32 place = tg_opaque(packet->jumps);

        if (place >= TG_LIMIT_JUMPS)
            return 0;
        packet->behind[place] = behind;
        packet->jumps = (__u8)(place + 1);
        return (int)to;
    }
    last = tg_opaque(packet->jumps - 1);
    if (last >= TG_LIMIT_JUMPS)
        return 0;
    packet->jumps = (__u8)last;
    return (int)packet->behind[last];
}

/* A step that jumps to element `to`, or back if that is 0; 1 ends the walk. */
TG_INLINE long tg_walk_to(__u32 index, struct tg_walk *walk, __u32 to)
{
    __u32 next = (__u32)tg_walk_turn(walk->packet, to, walk->first + index + 1);

    if (!next)
        return 1;
    walk->first = next - index - 1;
    return 0;
}

/* Actions behind which the next rule is looked at. */
#define TG_WALK_GOES_ON (1u << TG_ACTION_FASTTRACK | 1u << TG_ACTION_PASSTHROUGH)
/* … or one of another chain. */
#define TG_WALK_TURNS (1u << TG_ACTION_JUMP | 1u << TG_ACTION_RETURN)
/* … if the rule says so. */
#define TG_WALK_CHANGES                                                                            \
    (1u << TG_ACTION_MARK_CONNECTION | 1u << TG_ACTION_MARK_PACKET |                               \
     1u << TG_ACTION_MARK_ROUTING | 1u << TG_ACTION_CHANGE_MSS | 1u << TG_ACTION_CHANGE_DSCP |     \
     1u << TG_ACTION_CHANGE_TTL | 1u << TG_ACTION_SET_PRIORITY | 1u << TG_ACTION_CLEAR_DF)

/* How a walk ends at a rule that may match or not: its action is none of a rule's. */
#define TG_ACTION_UNDECIDED (TG_ACTION_COUNT + 1)
#define TG_MATCH_WAY_OUT    (TG_MATCH_OUT_INTERFACE | TG_MATCH_OUT_INTERFACE_LIST)

/*
 * Whether a rule that asks for the outgoing interface would match the packet with the one it asks
 * for, as one that decides about it.
 */
__noinline int tg_walk_undecided(struct tg_packet *packet, const struct tg_rule *rule)
{
    __u64 lists;
    int matches;

    if (!packet || !rule || 1u << (rule->action & 31) & (TG_WALK_GOES_ON | TG_WALK_CHANGES))
        return 0;
    lists = packet->out_lists;
    packet->out_ifindex =
        rule->negated & TG_MATCH_OUT_INTERFACE ? rule->out_ifindex + 1 : rule->out_ifindex;
    packet->out_lists = rule->negated & TG_MATCH_OUT_INTERFACE_LIST ? 0 : ~0ull;
    matches = tg_rule_matches(rule, packet);
    packet->out_ifindex = 0;
    packet->out_lists = lists;
    return matches;
}

/* Does what such a rule says; 1 ends the walk. Linux 6.1 has no stack for a call in between. */
TG_INLINE long tg_walk_change(struct tg_walk *walk, const struct tg_rule *rule, __u32 action)
{
    __u32 value = rule->does.mangle.value;

    if (action != TG_ACTION_MARK_CONNECTION)
        tg_mangle_action(walk->ctx, walk->packet, action, value);
    else if (walk->packet->connection_mark != value)
        tg_mark_connection(walk->packet, value);
    return rule->does.mangle.ends & 1;
}

/* One rule, as step `index`; 1 ends the walk. */
TG_INLINE long tg_walk_one(__u32 index, struct tg_walk *walk)
{
    __u32 number = walk->first + index, action;
    union tg_bank_element *element = bpf_map_lookup_elem(walk->elements, &number);

    if (!element)
        return 1;
    if (!walk->lists &&
        element->rule.matchers & (TG_MATCH_IN_INTERFACE_LIST | TG_MATCH_OUT_INTERFACE_LIST)) {
        tg_walk_lists(walk->packet);
        walk->lists = true;
    }
    if (tg_packet_is(walk->packet, TG_PACKET_BY_MARK) &&
        element->rule.matchers & TG_MATCH_WAY_OUT) {
        if (!tg_walk_undecided(walk->packet, &element->rule))
            return 0;
        walk->action = TG_ACTION_UNDECIDED;
        return 1;
    }
    if (!tg_rule_matches(&element->rule, walk->packet))
        return 0;
    tg_store_count_rule(element->rule.id, walk->packet->packets, walk->packet->bytes);
    if (element->rule.log)
        tg_store_log(walk->ctx, walk->packet, element->rule.id);
    action = element->rule.action;
    if (1u << (action & 31) & TG_WALK_GOES_ON)
        return 0;
    if (1u << (action & 31) & TG_WALK_TURNS)
        return tg_walk_to(index, walk, element->rule.does.jump.first);
    if (1u << (action & 31) & TG_WALK_CHANGES)
        return tg_walk_change(walk, &element->rule, action);
    walk->action = action;
    walk->packet->matched = number;
    return 1;
}

/* … as bpf_loop calls it. */
static long tg_walk_rule(__u32 index, struct tg_walk *walk)
{
    return tg_walk_one(index, walk);
}

/* Rules looked at without a call for each: the rules on established come first in a chain. */
#define TG_WALK_HEAD 3u

/* The packet's bank; NULL: nothing was committed yet. */
TG_INLINE void *tg_walk_elements(const struct tg_packet *packet)
{
    __u32 slot = packet->bank & 1;

    return packet->bank ? bpf_map_lookup_elem(&tg_banks, &slot) : NULL;
}

/* Finds chain `number` (enum tg_chain_number) in walk->elements; returns its number of steps. */
TG_INLINE __u32 tg_walk_start(struct tg_packet *packet, __u32 number, struct tg_walk *walk)
{
    __u32 chains_number = TG_BANK_CHAINS, family;
    union tg_bank_element *element = bpf_map_lookup_elem(walk->elements, &chains_number);
    struct tg_chain *chain;

    number = tg_opaque(number);
    if (!element || number >= TG_CHAIN_COUNT)
        return 0;
    family = packet->tuple.family == TG_FAMILY_IPV6 ? TG_FAMILY_IPV6 : TG_FAMILY_IPV4;
    packet->chains = element->chains.used[family] | TG_CHAINS_KNOWN;
    chain = &element->chains.chains[family][number];
    packet->jumps = 0;
    walk->first = chain->first;
    return chain->count;
}

/*
 * Walks chain `number` for the packet; or goes on at element `from`, at most `count` steps, if that
 * is not 0. Returns the deciding rule's action, or TG_ACTION_COUNT if no rule decided: the end of a
 * built-in chain accepts.
 */
__noinline int tg_walk_on(tg_ctx *ctx, struct tg_packet *packet, __u32 number, __u32 from,
                          __u32 count)
{
    struct tg_walk walk = {.ctx = ctx, .action = TG_ACTION_COUNT};

    if (!packet)
        return TG_ACTION_COUNT;
    walk.packet = packet;
    walk.elements = tg_walk_elements(packet);
    if (!walk.elements)
        return TG_ACTION_COUNT;
    walk.first = from;
    if (!from)
        count = tg_walk_start(packet, number, &walk);
    for (__u32 i = 0; i < TG_WALK_HEAD; i++)
        if (i >= count || tg_walk_one(i, &walk))
            return (int)walk.action;
    walk.first += TG_WALK_HEAD;
    bpf_loop(count - TG_WALK_HEAD, tg_walk_rule, &walk, 0);
    return (int)walk.action;
}

TG_INLINE int tg_walk_chain(tg_ctx *ctx, struct tg_packet *packet, __u32 number)
{
    return tg_walk_on(ctx, packet, number, 0, 0);
}

/* Whether a rule can be dealt with where no call is wanted. */
TG_INLINE bool tg_walk_easy(const struct tg_rule *rule)
{
    return !(rule->matchers & (TG_MATCH_IN_INTERFACE_LIST | TG_MATCH_OUT_INTERFACE_LIST)) &&
           !rule->log && !(1u << (rule->action & 31) & TG_WALK_TURNS);
}

/* As tg_walk_chain, the first rule without a call: for the chain that sheds an attack. */
TG_INLINE int tg_walk_raw(tg_ctx *ctx, struct tg_packet *packet, __u32 number)
{
    struct tg_walk walk = {.elements = tg_walk_elements(packet)};
    __u32 left = walk.elements ? tg_walk_start(packet, number, &walk) : 0, from = 0;
    union tg_bank_element *element;

    if (!left)
        return TG_ACTION_COUNT;
    element = bpf_map_lookup_elem(walk.elements, &walk.first);
    if (element && tg_walk_easy(&element->rule)) {
        if (tg_rule_matches(&element->rule, packet)) {
            tg_store_count_rule(element->rule.id, packet->packets, packet->bytes);
            if (!(1u << (element->rule.action & 31) & TG_WALK_GOES_ON))
                return element->rule.action;
        }
        if (!--left)
            return TG_ACTION_COUNT;
        from = walk.first + 1;
    }
    return tg_walk_on(ctx, packet, number, from, left);
}

/* Whether the chain has rules, as the packet has learnt with its first walk, that of raw. */
TG_INLINE bool tg_chain_used(const struct tg_packet *packet, __u32 number)
{
    return !(packet->chains & TG_CHAINS_KNOWN) || packet->chains >> number & 1;
}

/* raw: what needs no tracker, and what the tracker shall leave alone. */
TG_INLINE int tg_raw(tg_ctx *ctx, struct tg_packet *packet, __u32 chain)
{
    int action = tg_walk_raw(ctx, packet, chain);

    if (action == TG_ACTION_DROP)
        return TG_REASON_RAW_RULE;
    if (action == TG_ACTION_NOTRACK)
        packet->untracked = 1;
    return TG_REASON_NEXT;
}

TG_INLINE int tg_stage_raw_prerouting(tg_ctx *ctx, struct tg_packet *packet)
{
    return tg_raw(ctx, packet, TG_CHAIN_RAW_PREROUTING);
}

TG_INLINE int tg_stage_raw_output(tg_ctx *ctx, struct tg_packet *packet)
{
    return tg_raw(ctx, packet, TG_CHAIN_RAW_OUTPUT);
}

/* mangle: marks, and accepts nothing nor refuses. Later pieces are as the first one was. */
TG_INLINE int tg_mangle(tg_ctx *ctx, struct tg_packet *packet, __u32 chain)
{
    if (tg_chain_used(packet, chain) && !tg_packet_is(packet, TG_PACKET_PIECE_KNOWN))
        tg_walk_chain(ctx, packet, chain);
    return TG_REASON_NEXT;
}

TG_INLINE int tg_stage_mangle_prerouting(tg_ctx *ctx, struct tg_packet *packet)
{
    return tg_mangle(ctx, packet, TG_CHAIN_MANGLE_PREROUTING);
}

/* Once it is known where the packet goes. */
TG_INLINE int tg_stage_mangle_routed(tg_ctx *ctx, struct tg_packet *packet)
{
    return tg_mangle(ctx, packet,
                     tg_packet_is(packet, TG_PACKET_ROUTER_BOUND) ? TG_CHAIN_MANGLE_INPUT
                                                                  : TG_CHAIN_MANGLE_FORWARD);
}

TG_INLINE int tg_stage_mangle_output(tg_ctx *ctx, struct tg_packet *packet)
{
    return tg_mangle(ctx, packet, TG_CHAIN_MANGLE_OUTPUT);
}

/* Behind the filter: packets that it has let through and that leave. */
TG_INLINE int tg_stage_mangle_postrouting(tg_ctx *ctx, struct tg_packet *packet, int decided)
{
    if (tg_reason_accepts((__u32)decided) && tg_reason_verdict((__u32)decided) != TG_VERDICT_INPUT)
        tg_mangle(ctx, packet, TG_CHAIN_MANGLE_POSTROUTING);
    return decided;
}

/* filter: drops, or accepts as `accepted`. */
TG_INLINE int tg_filter(tg_ctx *ctx, struct tg_packet *packet, __u32 chain, int accepted)
{
    int action;

    if (tg_packet_is(packet, TG_PACKET_PIECE_KNOWN))
        return accepted;
    action = tg_walk_chain(ctx, packet, chain);
    if (action == TG_ACTION_UNDECIDED)
        return TG_REASON_WAY_UNKNOWN;
    return action == TG_ACTION_DROP ? TG_REASON_FILTER_RULE : accepted;
}

/* For packets to the router itself; others go on. */
TG_INLINE int tg_stage_filter_input(tg_ctx *ctx, struct tg_packet *packet)
{
    if (!tg_packet_is(packet, TG_PACKET_ROUTER_BOUND))
        return TG_REASON_NEXT;
    return tg_filter(ctx, packet, TG_CHAIN_FILTER_INPUT, TG_REASON_INPUT);
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

TG_INLINE int tg_stage_filter_forward(tg_ctx *ctx, struct tg_packet *packet)
{
    return tg_filter(ctx, packet, TG_CHAIN_FILTER_FORWARD, tg_forward_reason(packet));
}

TG_INLINE int tg_stage_filter_output(tg_ctx *ctx, struct tg_packet *packet)
{
    return tg_filter(ctx, packet, TG_CHAIN_FILTER_OUTPUT, TG_REASON_OUTPUT);
}
