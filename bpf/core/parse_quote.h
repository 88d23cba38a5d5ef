/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Facts out of the headers an ICMP error quotes (RFC 792, RFC 4443): the tuple of the packet it is
 * about. A router on the way may have cut the quotation anywhere and changed what it forwards, so
 * no length, version or checksum in it is believed.
 */
#pragma once

#include "core/headers.h"
#include "core/parse_ip.h"
#include "core/parse_l4.h"
#include "core/tuple_ops.h"

/* False: a later fragment, which does not say which ports it has. */
TG_INLINE bool tg_quote_ipv4(const struct tg_ipv4_header *header, struct tg_tuple *quoted,
                             __u32 *offset)
{
    quoted->src = tg_addr_v4(header->src);
    quoted->dst = tg_addr_v4(header->dst);
    quoted->protocol = header->protocol;
    *offset += (header->version_length & 0x0f) * 4u;
    return !(header->fragment & tg_net16(TG_IPV4_FRAGMENT_OFFSET));
}

TG_INLINE void tg_quote_ipv6(const struct tg_ipv6_header *header, struct tg_tuple *quoted,
                             __u32 *offset)
{
    __builtin_memcpy(&quoted->src, header->src, sizeof(quoted->src));
    __builtin_memcpy(&quoted->dst, header->dst, sizeof(quoted->dst));
    quoted->protocol = header->next_header;
    *offset += (__u32)sizeof(*header);
}

/* Steps over an extension header, of which two bytes are enough. */
TG_INLINE void tg_quote_extension(const struct tg_ipv6_option_header *header,
                                  struct tg_tuple *quoted, __u32 *offset)
{
    *offset += quoted->protocol == TG_IPV6_FRAGMENT ? (__u32)sizeof(struct tg_ipv6_extension)
                                                    : (header->length + 1u) * 8u;
    quoted->protocol = header->next_header;
}

/* False: an ICMP message that opens no connection, an error above all. */
TG_INLINE bool tg_quote_icmp(const struct tg_icmp_header *header, struct tg_tuple *quoted)
{
    quoted->src_port = header->identifier;
    quoted->dst_port = tg_icmp_type_code(header->type, header->code);
    return tg_icmp_role(quoted->protocol, header->type) != TG_ICMP_OTHER;
}
