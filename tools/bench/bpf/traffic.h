/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The bench's frames: a template, and how flow number i differs from it. Read by BPF and by C++. */
#pragma once

#include <linux/types.h>

#define BENCH_FRAME 60u /* the shortest Ethernet has, without its checksum */
#define BENCH_PORTS 1024u

/* Where what varies lies in an IPv4 frame without options. */
#define BENCH_IP_CHECKSUM 24u
#define BENCH_SRC         26u
#define BENCH_DST         30u
#define BENCH_SRC_PORT    34u
#define BENCH_DST_PORT    36u

/*
 * What a run sends: flows 0 … flows - 1, each `step` after the one before it, so that memory is
 * visited in no order a cache could foresee. A flow is a client endpoint and a server endpoint.
 */
struct bench_traffic {
    __u8 frame[BENCH_FRAME]; /* as sent from 0.0.0.0:0 to 0.0.0.0:0, its checksums 0 */
    __u32 ip_sum;            /* ones' complement sums of what does not vary, in network order */
    __u32 l4_sum;
    __u32 l4_checksum; /* offset */
    __u32 flows;
    __u32 step;   /* no common divisor with flows */
    __u32 next;   /* the flow the next frame belongs to */
    __u32 client; /* network addresses, host order, and the bits of them that vary */
    __u32 client_mask;
    __u32 server;
    __u32 server_mask;
    __u16 client_port; /* of the first 65536 flows; the next ones have the next port */
    __u16 server_port;
    __u32 from_server; /* 1: frames go from the servers to the clients */
    __u32 ifindex;     /* where frames leave: live runs only */
    __u64 sent;
};
