// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads the tick counter and CLOCK_BOOTTIME together, so that the loader can relate them. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "tidegate/control.h"

SEC("syscall")
int clock_pair(struct tg_clock *clock)
{
    clock->jiffies = bpf_jiffies64();
    clock->boottime_ns = bpf_ktime_get_boot_ns();
    return 0;
}

char tg_license[] SEC("license") = "GPL";
