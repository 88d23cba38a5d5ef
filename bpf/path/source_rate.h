/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sources told apart where something is limited for each. */
#pragma once

#include "core/packet.h"
#include "path/maps.h"

/* Of an IPv4 address or an IPv6 /64. Who shares one's lower bits cannot be foretold. */
TG_INLINE __u32 tg_source_hash(const struct tg_tuple *tuple)
{
    bool ipv4 = tuple->family == TG_FAMILY_IPV4;
    __u32 zero = 0, hash = ipv4 ? tuple->src.words[3] : tuple->src.words[0];
    struct tg_layout *layout = bpf_map_lookup_elem(&tg_layout, &zero);

    hash ^= layout ? layout->instance : 0;
    hash = (hash ^ hash >> 16) * 0x7feb352d;
    hash ^= ipv4 ? 0 : tuple->src.words[1];
    hash = (hash ^ hash >> 15) * 0x846ca68b;
    return hash ^ hash >> 16;
}
