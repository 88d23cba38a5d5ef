/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tells the agent of packets that rules log, as many as can be told. */
#pragma once

#include "core/packet.h"
#include "core/rate.h"
#include "path/bank.h"
#include "path/store_write.h"

/*
 * Whether a line may be written: one of the rule's and one of all, so that neither a flood nor one
 * rule among others blinds the agent; without an agent none.
 */
TG_INLINE bool tg_log_token(const struct tg_packet *packet, __u32 rule)
{
    __u32 ticks = tg_ticks_per_second();

    return tg_store_take(TG_RATE_LOG_RULES + (rule & (TG_LIMIT_LOG_RULES - 1)), packet->now,
                         tg_rate_interval(ticks, TG_LIMIT_LOG_RULE_PER_SECOND),
                         TG_LIMIT_LOG_RULE_BURST) &&
           tg_agent_lives(packet->now) &&
           tg_store_take(TG_RATE_LOG, packet->now, tg_rate_interval(ticks, TG_LIMIT_LOG_PER_SECOND),
                         TG_LIMIT_LOG_BURST);
}

TG_INLINE void tg_log_fill(tg_ctx *ctx, const struct tg_packet *packet, struct tg_log_line *line)
{
    line->bank = packet->bank;
    line->in_ifindex = packet->in_ifindex;
    line->out_ifindex = packet->out_ifindex;
    line->length = packet->l3_length;
    line->tuple = *tg_wire_tuple(packet);
    line->connection_state = packet->connection_state;
    line->tcp_flags = packet->tcp_flags;
    line->icmp_type = packet->icmp_type;
    line->icmp_code = packet->icmp_code;
    line->flags = 0;
    __builtin_memset(&line->translated, 0, sizeof(line->translated));
    if (tg_packet_is(packet, TG_PACKET_TRANSLATED)) {
        line->translated = packet->translated;
        line->flags = TG_LOG_TRANSLATED;
        if (tg_packet_is(packet, TG_PACKET_HALFWAY))
            line->flags |= TG_LOG_HALFWAY;
    }
    if (tg_packet_is(packet, TG_PACKET_LATER_PIECE))
        line->flags |= TG_LOG_LATER;
    else if (!tg_packet_is(packet, TG_PACKET_L4_BAD))
        line->flags |= TG_LOG_L4;
    __builtin_memset(line->src_mac, 0, sizeof(line->src_mac) + sizeof(line->zero));
    if (!tg_packet_is(packet, TG_PACKET_EGRESS) && packet->l3_offset &&
        tg_ctx_load_some(ctx, sizeof(line->src_mac), line->src_mac, sizeof(line->src_mac)))
        line->flags |= TG_LOG_SRC_MAC;
}

/* A rule that logs has matched the packet. */
__noinline int tg_store_log(tg_ctx *ctx, const struct tg_packet *packet, __u32 rule)
{
    struct tg_log_line *line = NULL;

    if (!packet)
        return 0;
    if (tg_log_token(packet, rule))
        line = bpf_ringbuf_reserve(&tg_log, sizeof(*line), 0);
    if (!line) {
        tg_store_count_tally(TG_TALLY_LOG_LOST, 1, 0);
        return 0;
    }
    line->rule = rule;
    tg_log_fill(ctx, packet, line);
    bpf_ringbuf_submit(line, 0);
    return 0;
}
