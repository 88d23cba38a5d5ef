// SPDX-License-Identifier: Apache-2.0
// TC ingress behind XDP, where a test run cannot carry XDP's word before the frame: the word is in
// a map, and all else is as in tc_ingress.
#include "path/context.h"
#include "path/maps.h"
#include "path/scratch.h"

#include "path/finish_tc.h"
#include "path/handover.h"
#include "path/ingress.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct tg_handover);
} tg_word SEC(".maps");

SEC("tc")
int handed_tc(struct __sk_buff *ctx)
{
    struct tg_packet *packet = tg_ingress_packet(ctx);
    __u32 zero = 0, judged;

    if (!packet)
        return TG_TC_DROP;
    judged = tg_handover_read(ctx, bpf_map_lookup_elem(&tg_word, &zero), packet);
    return judged ? tg_finish_handed(ctx, packet, judged) : TG_TC_DROP;
}

char tg_license[] SEC("license") = "Dual BSD/GPL";
