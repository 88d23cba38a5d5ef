/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pieces that were given to the agent, on their way back. */
#pragma once

#include "path/context.h"
#include "path/store.h"

/* Takes them out of those counted as held: whoever calls this counts them as something else. */
TG_INLINE void tg_no_more_held(__u32 what, __u64 packets, __u64 bytes)
{
    tg_store_count_reason(TG_REASON_FRAGMENT_HELD, -packets, -bytes);
    tg_store_count_piece(what, packets, bytes);
}

/* The packet is a struct tg_given_up; false: it is not. */
TG_INLINE bool tg_give_up(tg_ctx *ctx)
{
    struct tg_given_up given_up;

    if (!tg_ctx_load(ctx, 0, &given_up, sizeof(given_up)))
        return false;
    tg_no_more_held(TG_PIECE_GIVEN_UP, given_up.packets, given_up.bytes);
    tg_store_count_reason(given_up.reason, given_up.packets, given_up.bytes);
    return true;
}
