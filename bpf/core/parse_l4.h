/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Facts out of L4 headers. A bad one makes the packet invalid to the tracker, not malformed. */
#pragma once

#include "core/headers.h"
#include "core/packet.h"
#include "core/tuple_ops.h"

enum tg_tcp_flag {
    TG_TCP_FIN = 0x01,
    TG_TCP_SYN = 0x02,
    TG_TCP_RST = 0x04,
    TG_TCP_PSH = 0x08,
    TG_TCP_ACK = 0x10,
    TG_TCP_URG = 0x20,
    TG_TCP_ECE = 0x40,
    TG_TCP_CWR = 0x80,
};

/*
 * Whether a conforming sender (RFC 9293) would set these flags together: exactly one of SYN, FIN,
 * RST or none of them; ACK in everything but a first SYN and some RSTs; no URG beside SYN/ACK or
 * RST.
 */
TG_INLINE bool tg_tcp_flags_possible(__u8 flags)
{
    bool syn = flags & TG_TCP_SYN, fin = flags & TG_TCP_FIN;
    bool rst = flags & TG_TCP_RST, ack = flags & TG_TCP_ACK;

    if (syn + fin + rst > 1)
        return false;
    if (!ack && !syn && !rst)
        return false;
    return !(flags & TG_TCP_URG) || (!rst && !(syn && ack));
}

/*
 * The numbers a segment with `data` bytes says; of its options nothing yet. How long a datagram is
 * its first piece does not tell: as long as any may be, so that no answer seems to come too early.
 */
TG_INLINE void tg_parse_numbers(const struct tg_tcp_header *header, __u32 data,
                                struct tg_packet *packet)
{
    struct tg_tcp_numbers *tcp = &packet->tcp;

    if (tg_packet_is(packet, TG_PACKET_FIRST_PIECE))
        data = 0xffff;
    tcp->sequence = tg_host32(header->sequence);
    tcp->acknowledgement = tg_host32(header->acknowledgement);
    tcp->sack = tcp->acknowledgement;
    tcp->end =
        tcp->sequence + data + !!(header->flags & TG_TCP_SYN) + !!(header->flags & TG_TCP_FIN);
    tcp->window = tg_host16(header->window);
    tcp->options = 0;
    tcp->scale = 0;
    tcp->mss_at = 0;
}

/* `length` is the number of bytes of the packet from the L4 header on. False: a bad header. */
TG_INLINE bool tg_parse_tcp(const struct tg_tcp_header *header, __u32 length,
                            struct tg_packet *packet)
{
    __u32 header_length = (header->data_offset >> 4) * 4u;

    packet->tcp_flags = header->flags;
    if (header_length < sizeof(*header) || header_length > length)
        return false;
    if (!tg_tcp_flags_possible(header->flags))
        return false;
    packet->tuple.src_port = header->src_port;
    packet->tuple.dst_port = header->dst_port;
    tg_parse_numbers(header, length - header_length, packet);
    return true;
}

/*
 * A first fragment holds less than the datagram's length says, so only a minimum is asked. UDP-Lite
 * (RFC 3828) has the bytes its checksum covers in that field, 0 for all, and always a checksum.
 */
TG_INLINE bool tg_parse_udp(const struct tg_udp_header *header, __u32 length,
                            struct tg_packet *packet)
{
    __u32 said = tg_host16(header->length);
    bool whole = !tg_packet_is(packet, TG_PACKET_FIRST_PIECE);
    bool lite = packet->tuple.protocol == TG_PROTOCOL_UDPLITE;
    /* 0 is a GSO or jumbo datagram's length too. */
    bool all = said == 0 && (lite || length > 0xffff);

    if (!all && (said < sizeof(*header) || (whole && said > length)))
        return false;
    if (lite && !header->checksum)
        return false;
    packet->tuple.src_port = header->src_port;
    packet->tuple.dst_port = header->dst_port;
    return true;
}

TG_INLINE bool tg_icmp_is_error(__u8 protocol, __u8 type)
{
    if (protocol == TG_PROTOCOL_ICMPV6)
        return type < 128; /* RFC 4443 2.1 */
    /* unreachable, source quench, redirect, time exceeded, parameter problem */
    return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* As the port of a tuple. */
TG_INLINE __be16 tg_icmp_type_code(__u8 type, __u8 code)
{
    return tg_net16((__u16)(type << 8 | code));
}

/* Only request and reply types carry an identifier. */
TG_INLINE void tg_parse_icmp(const struct tg_icmp_header *header, struct tg_packet *packet)
{
    packet->icmp_type = header->type;
    packet->icmp_code = header->code;
    if (tg_icmp_is_error(packet->tuple.protocol, header->type))
        packet->flags |= TG_PACKET_ICMP_ERROR;
    else if (tg_icmp_role(packet->tuple.protocol, header->type) != TG_ICMP_OTHER)
        packet->tuple.src_port = header->identifier;
    packet->tuple.dst_port = tg_icmp_type_code(header->type, header->code);
}

/*
 * The calls of PPTP between two hosts are connections of their own: each direction has the number
 * the receiver has given the call, as its destination port. Other versions have no port. False: the
 * version has no such payload.
 */
TG_INLINE bool tg_parse_gre(const struct tg_gre_header *header, struct tg_tuple *tuple)
{
    if ((tg_host16(header->flags) & TG_GRE_VERSION) != TG_GRE_ENHANCED)
        return true;
    tuple->dst_port = header->call;
    return header->type == tg_net16(TG_GRE_TYPE_PPP);
}

/* Protocols that begin with two ports; TCP and UDP among them. */
TG_INLINE bool tg_has_ports(__u8 protocol)
{
    return protocol == TG_PROTOCOL_TCP || protocol == TG_PROTOCOL_UDP ||
           protocol == TG_PROTOCOL_UDPLITE || protocol == TG_PROTOCOL_SCTP ||
           protocol == TG_PROTOCOL_DCCP;
}

/* Shortest header a packet of this protocol may have; 0: nothing is asked. */
TG_INLINE __u32 tg_l4_minimum(__u8 protocol)
{
    if (protocol == TG_PROTOCOL_TCP)
        return sizeof(struct tg_tcp_header);
    if (protocol == TG_PROTOCOL_SCTP || protocol == TG_PROTOCOL_DCCP)
        return 12;
    if (tg_has_ports(protocol) || protocol == TG_PROTOCOL_ICMP || protocol == TG_PROTOCOL_ICMPV6)
        return 8;
    return 0;
}
