/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a reason to its verdict, by the one list. */
#pragma once

#include "core/base.h"
#include "core/icmp_error.h"
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

/* The frame goes no further: it is dropped, or the agent has a copy. */
TG_INLINE bool tg_verdict_ends(__u8 verdict)
{
    return verdict == TG_VERDICT_DROP || verdict == TG_VERDICT_HOLD;
}

/* The packet ends here, answered or not. */
TG_INLINE bool tg_reason_refuses(__u32 reason)
{
    __u8 verdict = tg_reason_verdict(reason);

    return tg_verdict_ends(verdict) || verdict == TG_VERDICT_ANSWER;
}

/* What the sender is told of a reason with verdict ANSWER. */
TG_INLINE struct tg_icmp_error tg_reason_error(__u32 reason, __u8 family)
{
    bool ipv4 = family == TG_FAMILY_IPV4;
    struct tg_icmp_error error = {};

#define TG_X(name, type4, code4, type6, code6)                                                     \
    if (reason == TG_REASON_##name) {                                                              \
        error.type = ipv4 ? type4 : type6;                                                         \
        error.code = ipv4 ? code4 : code6;                                                         \
    }
    TG_REASON_ERRORS(TG_X)
#undef TG_X
    return error;
}

/* The packet is on its way: a connection it opens may exist. */
TG_INLINE bool tg_reason_accepts(__u32 reason)
{
    return reason == TG_REASON_INPUT || reason == TG_REASON_FORWARD ||
           reason == TG_REASON_FORWARD_STACK || reason == TG_REASON_OUTPUT;
}
