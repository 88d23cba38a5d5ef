/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a reason to its verdict, by the one list. */
#pragma once

#include "core/base.h"
#include "tidegate/verdict.h"

static const __u8 tg_reason_verdicts[TG_LIMIT_REASONS] = {
#define TG_X(name, text, verdict, meaning) TG_VERDICT_##verdict,
    TG_REASONS(TG_X)
#undef TG_X
};

TG_ASSERT((TG_LIMIT_REASONS & (TG_LIMIT_REASONS - 1)) == 0, "a power of two, for the mask");

TG_INLINE __u8 tg_reason_verdict(__u32 reason)
{
    return tg_reason_verdicts[tg_opaque(reason) & (TG_LIMIT_REASONS - 1)];
}

/* The packet is on its way: a connection it opens may exist. */
TG_INLINE bool tg_reason_accepts(__u32 reason)
{
    return reason == TG_REASON_INPUT || reason == TG_REASON_FORWARD ||
           reason == TG_REASON_FORWARD_STACK || reason == TG_REASON_OUTPUT ||
           reason == TG_REASON_TOO_BIG;
}
