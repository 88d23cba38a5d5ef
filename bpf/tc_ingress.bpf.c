// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// TC ingress of an attached interface: sends what XDP has accepted and could not send, and is the
// whole decision on what XDP has not seen.
#include "path/context.h"
#include "path/maps.h"
#include "path/scratch.h"

#include "path/finish_tc.h"
#include "path/handover.h"
#include "path/ingress.h"

SEC("tc")
int tc_ingress(struct __sk_buff *ctx)
{
    struct tg_packet *packet = tg_ingress_packet(ctx);
    __u32 judged;

    if (!packet)
        return TG_TC_DROP;
    judged = tg_handover_read(ctx, tg_handover_word(ctx), packet);
    if (judged)
        return tg_finish_handed(ctx, packet, judged);
    return tg_finish_ingress(ctx, packet, tg_ingress(ctx, packet));
}

char tg_license[] SEC("license") = "Dual BSD/GPL";
