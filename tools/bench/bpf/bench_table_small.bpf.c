// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Candidate (d) in arrays so small that they come from the kernel's own mapping of memory, which
// has large pages: fewer misses of the TLB, thousands of maps, no reading by mmap.
#define TABLE_SMALL
#include "bench_table_chains.bpf.c"
