/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The timeout classes: a connection stores its class, the value is looked up when it is needed. */
#pragma once

#include "tidegate/assert.h"

/* X(class, RouterOS property, default in seconds), in the order `tracking print` shows them. */
#define TG_TIMEOUTS(X)                                                                             \
    X(TCP_SYN_SENT, "tcp-syn-sent-timeout", 5)                                                     \
    X(TCP_SYN_RECEIVED, "tcp-syn-received-timeout", 5)                                             \
    X(TCP_ESTABLISHED, "tcp-established-timeout", 86400)                                           \
    X(TCP_FIN_WAIT, "tcp-fin-wait-timeout", 10)                                                    \
    X(TCP_CLOSE_WAIT, "tcp-close-wait-timeout", 60)                                                \
    X(TCP_LAST_ACK, "tcp-last-ack-timeout", 30)                                                    \
    X(TCP_TIME_WAIT, "tcp-time-wait-timeout", 10)                                                  \
    X(TCP_CLOSE, "tcp-close-timeout", 10)                                                          \
    X(TCP_UNACKED, "tcp-unacked-timeout", 300)                                                     \
    X(UDP, "udp-timeout", 30)                                                                      \
    X(UDP_STREAM, "udp-stream-timeout", 180)                                                       \
    X(ICMP, "icmp-timeout", 30)                                                                    \
    X(GENERIC, "generic-timeout", 600)                                                             \
    X(TCP_MAX_RETRANS, "tcp-max-retrans-timeout", 300)

enum tg_timeout {
#define TG_X(class_, property, seconds) TG_TIMEOUT_##class_,
    TG_TIMEOUTS(TG_X)
#undef TG_X
        TG_TIMEOUT_COUNT,
};

/* Values are looked up by the lower four bits of the class, so that no index leaves the table. */
#define TG_TIMEOUT_SLOTS 16
TG_ASSERT(TG_TIMEOUT_COUNT <= TG_TIMEOUT_SLOTS, "every class has its value");
