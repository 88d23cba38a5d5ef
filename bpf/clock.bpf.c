// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads the tick counter and CLOCK_MONOTONIC together, so that the loader can relate them. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "tidegate/control.h"

SEC("syscall")
int clock_pair(struct tg_clock *clock)
{
    clock->jiffies = bpf_jiffies64();
    clock->awake_ns = bpf_ktime_get_ns();
    return 0;
}

char tg_license[] SEC("license") = "GPL";
