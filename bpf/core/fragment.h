/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pieces of datagrams: which part a packet is, and what is known of the datagram. */
#pragma once

#include "core/expiry.h"
#include "core/packet.h"
#include "core/parse_l4.h"

/*
 * Finds which part of its datagram a piece is. False: no sender makes such a one, since it is
 * empty, reaches beyond the longest datagram, or is not the last and ends in the middle of a unit.
 */
TG_INLINE bool tg_piece_part(struct tg_packet *packet)
{
    __u32 begin = packet->piece_begin * TG_FRAGMENT_UNIT;
    __u32 length = packet->l3_offset + packet->l3_length - packet->piece_offset;
    __u32 header = packet->tuple.family == TG_FAMILY_IPV4 ? packet->l3_length - length : 0;

    if (!length || begin + header + length > 0xffff ||
        (length % TG_FRAGMENT_UNIT && !tg_packet_is(packet, TG_PACKET_LAST_PIECE)))
        return false;
    packet->piece_end = (__u16)((begin + length + TG_FRAGMENT_UNIT - 1) / TG_FRAGMENT_UNIT);
    return true;
}

/*
 * Whether more pieces of the datagram may come: it is not forgotten and not complete. A sender may
 * use the identification of a complete one again.
 */
TG_INLINE bool tg_fragment_open(const struct tg_fragment *fragment, __u64 now,
                                __u32 ticks_per_second)
{
    __u32 total = fragment->total;

    return !(total && fragment->covered >= total) &&
           !tg_overdue(now, fragment->seen, TG_LIMIT_FRAGMENT_SECONDS, ticks_per_second);
}

/*
 * Whether a piece ends or begins within the shortest L4 header of its protocol, so that what rules
 * and tracker look at would stand in another piece (RFC 1858, RFC 3128, RFC 7112).
 */
TG_INLINE bool tg_cuts_header(const struct tg_packet *packet)
{
    __u32 minimum = tg_l4_minimum(packet->tuple.protocol);

    if (tg_packet_is(packet, TG_PACKET_LATER_PIECE))
        return packet->piece_begin * TG_FRAGMENT_UNIT < minimum;
    return packet->l3_offset + packet->l3_length - packet->l4_offset < minimum;
}
