/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The two directions of a connection. */
#pragma once

enum tg_direction {
    TG_ORIGINAL, /* as the packet that opened the connection */
    TG_REPLY,
    TG_DIRECTION_COUNT,
};
