// SPDX-License-Identifier: Apache-2.0
// The reinject object where packets do not come by XDP: the same stages, ended as TC ends. In the
// kernel a test run cannot carry XDP's word to TC, and hosted there is no XDP.
#include "path/context.h"
#include "path/maps.h"
#include "path/scratch.h"

#include "path/finish_tc.h"
#include "path/held.h"
#include "path/ingress.h"

SEC("tc")
int reinject(struct __sk_buff *ctx)
{
    struct tg_packet *packet = tg_ingress_packet(ctx);
    int decided;

    if (!packet)
        return TG_TC_DROP;
    decided = tg_ingress_held(ctx, packet);
    tg_no_more_held(TG_PIECE_REINJECTED, packet->packets, packet->bytes);
    return tg_finish_ingress(ctx, packet, decided);
}

SEC("tc")
int give_up(struct __sk_buff *ctx)
{
    return tg_give_up(ctx) ? 0 : -1;
}

char tg_license[] SEC("license") = "Dual BSD/GPL";
