/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which hook the stages run in: XDP where the entry defines TG_XDP before its first include. */
#pragma once

#ifdef TG_XDP
#include "path/context_xdp.h"
#else
#include "path/context_tc.h"
#endif

/* Address families as the kernel's helpers number them. */
#define TG_AF_INET  2
#define TG_AF_INET6 10
