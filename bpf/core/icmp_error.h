/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ICMP and ICMPv6 errors about a packet: whether there may be one, how much of the packet it
 * quotes, and its headers. Knows no reason and no route.
 */
#pragma once

#include "core/checksum.h"
#include "core/headers.h"
#include "core/packet.h"
#include "core/parse_l4.h"
#include "core/sanity.h"

/* Bytes of a whole error: RFC 1812 4.3.2.3, RFC 4443 2.4 (c). */
#define TG_ICMP_ERROR_IPV4 576u
#define TG_ICMP_ERROR_IPV6 1280u

#define TG_ICMP_ERROR_TTL        64
#define TG_TOS_PRECEDENCE        0xc0 /* internetwork control: RFC 1812 4.3.2.5 */
#define TG_TOS_KEPT              0x1c /* neither precedence nor ECN */
#define TG_IPV6_MINIMUM_MTU      1280u
#define TG_ICMP_HIGHEST_KNOWN    18  /* IANA: types above it may be errors, for all we know */
#define TG_ICMPV6_FIRST_MESSAGE  128 /* types below it are errors */
#define TG_ICMPV6_REDIRECT       137
#define TG_IPV4_EXPERIMENTAL_NET 0xf /* 240.0.0.0/4 */

/* What an error says. */
struct tg_icmp_error {
    __u8 type;
    __u8 code;
    __u32 word; /* the four bytes behind the checksum: an MTU, or 0 */
};

struct tg_icmp_error_ipv4 {
    struct tg_ipv4_header network;
    struct tg_icmp_header icmp;
};

struct tg_icmp_error_ipv6 {
    struct tg_ipv6_header network;
    struct tg_icmp_header icmp;
};

/* What stands before the quotation. */
union tg_icmp_error_head {
    struct tg_icmp_error_ipv4 ipv4;
    struct tg_icmp_error_ipv6 ipv6;
};

#define TG_QUOTATION_IPV4 (TG_ICMP_ERROR_IPV4 - (__u32)sizeof(struct tg_icmp_error_ipv4))
#define TG_QUOTATION_IPV6 (TG_ICMP_ERROR_IPV6 - (__u32)sizeof(struct tg_icmp_error_ipv6))

TG_ASSERT(sizeof(struct tg_icmp_error_ipv4) == 28, "RFC 792");
TG_ASSERT(sizeof(struct tg_icmp_error_ipv6) == 48, "RFC 4443");

/* Whether the packet is an ICMP error, or could be one. */
TG_INLINE bool tg_icmp_maybe_error(const struct tg_packet *packet)
{
    if (packet->tuple.protocol == TG_PROTOCOL_ICMPV6)
        return tg_packet_is(packet, TG_PACKET_L4_BAD) ||
               packet->icmp_type < TG_ICMPV6_FIRST_MESSAGE ||
               packet->icmp_type == TG_ICMPV6_REDIRECT;
    if (packet->tuple.protocol == TG_PROTOCOL_ICMP)
        return tg_packet_is(packet, TG_PACKET_L4_BAD | TG_PACKET_ICMP_ERROR) ||
               packet->icmp_type > TG_ICMP_HIGHEST_KNOWN;
    return false;
}

/*
 * RFC 1122 3.2.2, RFC 1812 4.3.2.7, RFC 4443 2.4 (e): nobody is told of an error, of a piece that
 * is not the first, of what went to many, or of what says it comes from nobody or from many.
 */
TG_INLINE bool tg_icmp_error_due(const struct tg_packet *packet)
{
    const struct tg_tuple *tuple = &packet->tuple;

    if (tg_packet_is(packet, TG_PACKET_LATER_PIECE | TG_PACKET_GROUP) ||
        tg_icmp_maybe_error(packet) || tg_martian_source(tuple, false))
        return false;
    return tuple->family == TG_FAMILY_IPV6 ||
           tg_host32(tuple->src.words[3]) >> 28 != TG_IPV4_EXPERIMENTAL_NET;
}

/* Bytes of the packet, from its IP header on, that an error quotes. */
TG_INLINE __u32 tg_icmp_error_quotes(const struct tg_packet *packet)
{
    __u32 most = packet->tuple.family == TG_FAMILY_IPV4 ? TG_QUOTATION_IPV4 : TG_QUOTATION_IPV6;

    return packet->l3_length < most ? packet->l3_length : most;
}

TG_INLINE __u32 tg_icmp_error_head_size(const struct tg_packet *packet)
{
    return packet->tuple.family == TG_FAMILY_IPV4 ? sizeof(struct tg_icmp_error_ipv4)
                                                  : sizeof(struct tg_icmp_error_ipv6);
}

/* An MTU as an error names it: IPv6 promises 1280 bytes everywhere (RFC 8200). */
TG_INLINE __u32 tg_icmp_error_mtu(__u8 family, __u32 mtu)
{
    return family == TG_FAMILY_IPV6 && mtu < TG_IPV6_MINIMUM_MTU ? TG_IPV6_MINIMUM_MTU : mtu;
}

TG_INLINE void tg_icmp_error_icmp(struct tg_icmp_header *icmp, const struct tg_icmp_error *error)
{
    icmp->type = error->type;
    icmp->code = error->code;
    icmp->checksum = 0;
    icmp->identifier = tg_net16((__u16)(error->word >> 16));
    icmp->sequence = tg_net16((__u16)error->word);
}

/*
 * Writes the headers of an error from `src` about the packet. `quotation` is the sum of the
 * `quoted` bytes behind them (tg_sum_add). An IPv4 error is never taken apart, so it needs no
 * identification (RFC 6864).
 */
TG_INLINE void tg_icmp_error_write_ipv4(struct tg_icmp_error_ipv4 *head,
                                        const struct tg_packet *packet, const struct tg_addr *src,
                                        const struct tg_icmp_error *error, __u32 quoted,
                                        __u64 quotation)
{
    struct tg_ipv4_header *network = &head->network;

    network->version_length = 0x45;
    network->tos = (packet->tos & TG_TOS_KEPT) | TG_TOS_PRECEDENCE;
    network->total_length = tg_net16((__u16)(sizeof(*head) + quoted));
    network->identification = 0;
    network->fragment = tg_net16(TG_IPV4_DONT_FRAGMENT);
    network->ttl = TG_ICMP_ERROR_TTL;
    network->protocol = TG_PROTOCOL_ICMP;
    network->checksum = 0;
    network->src = src->words[3];
    network->dst = packet->tuple.src.words[3];
    network->checksum = tg_sum_finish(tg_sum_add(0, network, sizeof(*network)));
    tg_icmp_error_icmp(&head->icmp, error);
    head->icmp.checksum = tg_sum_finish(tg_sum_add(quotation, &head->icmp, sizeof(head->icmp)));
}

/* The same; here the checksum covers the addresses too (RFC 8200 8.1). */
TG_INLINE void tg_icmp_error_write_ipv6(struct tg_icmp_error_ipv6 *head,
                                        const struct tg_packet *packet, const struct tg_addr *src,
                                        const struct tg_icmp_error *error, __u32 quoted,
                                        __u64 quotation)
{
    struct tg_ipv6_header *network = &head->network;
    __u32 length = (__u32)sizeof(head->icmp) + quoted;

    network->version_class_flow = tg_net32(6u << 28);
    network->payload_length = tg_net16((__u16)length);
    network->next_header = TG_PROTOCOL_ICMPV6;
    network->hop_limit = TG_ICMP_ERROR_TTL;
    __builtin_memcpy(network->src, src, sizeof(network->src));
    __builtin_memcpy(network->dst, &packet->tuple.src, sizeof(network->dst));
    tg_icmp_error_icmp(&head->icmp, error);
    quotation += tg_sum_pseudo(src, &packet->tuple.src, TG_PROTOCOL_ICMPV6, length);
    head->icmp.checksum = tg_sum_finish(tg_sum_add(quotation, &head->icmp, sizeof(head->icmp)));
}

/* Where the L4 header has a checksum that a device may be left to finish; 0: nowhere. */
TG_INLINE __u32 tg_l4_checksum_offset(__u8 protocol)
{
    if (protocol == TG_PROTOCOL_TCP)
        return offsetof(struct tg_tcp_header, checksum);
    return protocol == TG_PROTOCOL_UDP ? offsetof(struct tg_udp_header, checksum) : 0;
}

/*
 * Whether the packet's L4 checksum waits to be finished: packets of local senders, and those merged
 * on reception, hold the sum of the pseudo header in its place. (A finished one is the same by
 * chance once in 65535; then the error's own checksum is wrong, and nobody hears of that packet.)
 */
TG_INLINE bool tg_l4_unfinished(const struct tg_packet *packet, __be16 checksum)
{
    __u32 length = packet->l3_length - (packet->l4_offset - packet->l3_offset);
    const struct tg_tuple *tuple = tg_wire_tuple(packet);

    if (tg_packet_is(packet, TG_PACKET_FIRST_PIECE | TG_PACKET_LATER_PIECE | TG_PACKET_L4_BAD))
        return false;
    /* Some senders of many segments leave the length to the device. */
    return checksum ==
               tg_sum_fold(tg_sum_pseudo(&tuple->src, &tuple->dst, tuple->protocol, length)) ||
           checksum == tg_sum_fold(tg_sum_pseudo(&tuple->src, &tuple->dst, tuple->protocol, 0));
}

/*
 * The sum of an L4 header and its payload once somebody has finished the checksum, in place of
 * which `unfinished` stands now: what he puts there is the complement of the sum of all of it.
 */
TG_INLINE __u16 tg_l4_sum_finished(__be16 unfinished)
{
    return (__u16)~unfinished;
}
