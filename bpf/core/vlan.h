/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* VLAN tags: from a tag to the number its VLAN is kept under (tg_vlan_key), and back. */
#pragma once

#include "core/base.h"
#include "core/headers.h"
#include "tidegate/control.h"

TG_INLINE bool tg_is_tag(__be16 type)
{
    return type == tg_net16(TG_ETHERTYPE_VLAN) || type == tg_net16(TG_ETHERTYPE_QINQ);
}

TG_INLINE __u16 tg_vlan_of_tag(const struct tg_vlan_tag *tag)
{
    __u16 id = tg_host16(tag->control) & TG_VLAN_ID;

    return tag->protocol == tg_net16(TG_ETHERTYPE_QINQ) ? id | TG_VLAN_SERVICE : id;
}

TG_INLINE __u8 tg_priority_of_tag(const struct tg_vlan_tag *tag)
{
    return (__u8)(tg_host16(tag->control) >> 13);
}

/* Priority 0. */
TG_INLINE struct tg_vlan_tag tg_tag_of_vlan(__u16 vlan)
{
    struct tg_vlan_tag tag = {
        .protocol = tg_net16(vlan & TG_VLAN_SERVICE ? TG_ETHERTYPE_QINQ : TG_ETHERTYPE_VLAN),
        .control = tg_net16(vlan & TG_VLAN_ID),
    };

    return tag;
}
