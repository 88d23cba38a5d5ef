// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The same stages as tc_ingress and tc_egress, with stores that only record: what would become of
// a packet. Run by BPF_PROG_TEST_RUN, never attached.
#define TG_STORE_RECORD
#include "path/context.h"
#include "path/maps.h"
#include "path/scratch.h"

#include "path/egress.h"
#include "path/finish.h"
#include "path/ingress.h"

/* False: the kernel has no place for what is to be recorded. */
TG_INLINE bool tg_explain_begin(const struct __sk_buff *ctx, struct tg_packet *packet)
{
    struct tg_record *record = tg_recorded();

    if (!packet || !record)
        return false;
    __builtin_memset(record, 0, sizeof(*record));
    record->gone = ctx->cb[TG_EXPLAIN_WITHOUT];
    record->deleted = record->gone != 0;
    record->counted = -(__s32)record->deleted;
    if (record->gone)
        packet->l3_offset = TG_ETHERNET_HEADER;
    return true;
}

TG_INLINE int tg_explained_as(const struct tg_packet *packet, int reason)
{
    tg_count(packet, (__u32)reason);
    return reason;
}

SEC("tc")
int explain_ingress(struct __sk_buff *ctx)
{
    struct tg_packet *packet = tg_ingress_packet(ctx);
    int reason;

    if (!tg_explain_begin(ctx, packet))
        return TG_REASON_NO_SCRATCH;
    reason = tg_settle(ctx, packet, (__u32)tg_ingress(ctx, packet));
    /* What finish cannot leave to TC egress ends at ingress. */
    if (reason == TG_REASON_FORWARD_STACK && tg_packet_is(packet, TG_PACKET_TRANSLATED) &&
        !tg_unsource(packet))
        reason = TG_REASON_NAT_FAILED;
    return tg_explained_as(packet, reason);
}

SEC("tc")
int explain_egress(struct __sk_buff *ctx)
{
    struct tg_packet *packet = tg_egress_packet(ctx);

    if (!tg_explain_begin(ctx, packet))
        return TG_REASON_NO_SCRATCH;
    return tg_explained_as(
        packet, tg_settle(ctx, packet, (__u32)tg_egress(ctx, packet, tg_origin_of(ctx))));
}

char tg_license[] SEC("license") = "Dual BSD/GPL";
