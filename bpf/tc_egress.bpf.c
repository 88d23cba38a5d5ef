// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// TC egress of an attached interface: the output side, and the guard of what the stack forwards.
#include "path/context.h"
#include "path/maps.h"
#include "path/scratch.h"

#include "path/egress.h"
#include "path/finish_egress.h"

SEC("tc")
int tc_egress(struct __sk_buff *ctx)
{
    enum tg_origin origin = tg_origin_of(ctx);
    struct tg_packet *packet;

    if (origin == TG_ORIGIN_JUDGED)
        return TG_TC_NEXT;
    packet = tg_egress_packet(ctx);
    if (!packet)
        return TG_TC_DROP;
    return tg_finish_egress(ctx, packet, tg_egress(ctx, packet, origin));
}

char tg_license[] SEC("license") = "Dual BSD/GPL";
