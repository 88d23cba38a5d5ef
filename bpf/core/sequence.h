/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TCP's sequence numbers: a circle, of which one half lies before a number and one behind it. */
#pragma once

#include "core/base.h"

TG_INLINE bool tg_after(__u32 a, __u32 b)
{
    return (__s32)(b - a) < 0;
}

TG_INLINE bool tg_before(__u32 a, __u32 b)
{
    return tg_after(b, a);
}
