// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Run by the agent, never attached: brings back pieces of datagrams that it was given because they
// came before their first one, and ends those that it gives up.
#define TG_XDP
#include "path/context.h"
#include "path/maps.h"
#include "path/scratch.h"

#include "path/finish_xdp.h"
#include "path/held.h"
#include "path/ingress.h"

/*
 * A live frame, that is one that goes where the program says, on the interface it came in by.
 * Whether that is in XDP or not, TC sends what is accepted: redirects from a test run need not
 * reach every device. Generic XDP sees every packet of the stack, so it judges this one too.
 */
SEC("xdp")
int reinject(struct xdp_md *ctx)
{
    struct tg_packet *packet = tg_ingress_packet(ctx);
    struct tg_attached *attached;
    int decided;

    if (!packet)
        return XDP_DROP;
    packet->flags = TG_PACKET_GENERIC;
    attached = bpf_map_lookup_elem(&tg_attached, &packet->hook_ifindex);
    if (attached && attached->mode == TG_MODE_GENERIC) {
        tg_stage_parse(ctx, packet);
        tg_no_more_held(TG_PIECE_REINJECTED, packet->packets, packet->bytes);
        return XDP_PASS;
    }
    decided = tg_ingress_held(ctx, packet);
    tg_no_more_held(TG_PIECE_REINJECTED, packet->packets, packet->bytes);
    return tg_finish_xdp(ctx, packet, decided);
}

/* Not 0: it was not told what. */
SEC("xdp")
int give_up(struct xdp_md *ctx)
{
    return tg_give_up(ctx) ? 0 : -1;
}

char tg_license[] SEC("license") = "Dual BSD/GPL";
