/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why a packet is invalid to the tracker. */
#pragma once

/* X(NAME, what is said of it). */
#define TG_INVALIDS(X)                                                                             \
    X(NOT, "it is valid")                                                                          \
    X(HEADER, "its header is short, or says what cannot be")                                       \
    X(UNKNOWN, "no connection is known, and it cannot open one")                                   \
    X(QUOTED, "it is about a packet of no known connection")                                       \
    X(STATE, "no segment of this kind can come in this state of its connection")                   \
    X(RESET, "a reset from before what the other end has acknowledged")                            \
    X(BEYOND, "it begins beyond the receiver's window")                                            \
    X(ACKNOWLEDGEMENT, "it acknowledges what was not sent")

enum tg_invalid {
#define TG_X(name, text) TG_INVALID_##name,
    TG_INVALIDS(TG_X)
#undef TG_X
        TG_INVALID_COUNT,
};
