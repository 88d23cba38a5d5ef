// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// TC ingress of an attached interface: the whole decision on what comes in.
#include "path/context_tc.h"
#include "path/maps.h"
#include "path/scratch.h"

#include "path/ingress.h"

SEC("tc")
int tc_ingress(struct __sk_buff *ctx)
{
    struct tg_packet *packet = tg_ingress_packet(ctx);

    if (!packet)
        return TG_TC_DROP;
    return tg_finish_ingress(ctx, packet, tg_ingress(ctx, packet));
}

char tg_license[] SEC("license") = "Dual BSD/GPL";
