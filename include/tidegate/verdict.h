/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What becomes of a packet and why: the one closed list every packet is counted under. */
#pragma once

#include "tidegate/assert.h"
#include "tidegate/limits.h"

/* What finish does with the packet. */
enum tg_verdict {
    TG_VERDICT_NEXT,    /* not decided yet: the next stage goes on */
    TG_VERDICT_PASS,    /* to the stack, not judged by any chain */
    TG_VERDICT_INPUT,   /* accepted for the router itself: to the stack */
    TG_VERDICT_FORWARD, /* accepted, the datapath sends it */
    TG_VERDICT_STACK,   /* accepted for forwarding, the kernel sends it */
    TG_VERDICT_OUTPUT,  /* accepted from the router itself: to the wire */
    TG_VERDICT_ANSWER,  /* dropped, and its sender is told why: TG_REASON_ERRORS */
    TG_VERDICT_HOLD,    /* taken out of the way, to be judged later */
    TG_VERDICT_DROP,
};

/* X(NAME, name, verdict, what it means) */
#define TG_REASONS(X)                                                                              \
    X(NEXT, "next", NEXT, "not decided")                                                           \
    X(INPUT, "input", INPUT, "accepted for the router")                                            \
    X(FORWARD, "forward", FORWARD, "accepted and sent by the datapath")                            \
    X(FORWARD_STACK, "forward-stack", STACK, "accepted, sent by the kernel")                       \
    X(OUTPUT, "output", OUTPUT, "accepted from the router")                                        \
    X(NOT_IP, "not-ip", PASS, "ARP or another protocol that is not IP")                            \
    X(VLAN_TAGGED, "vlan-tagged", PASS, "has a VLAN tag that no interface here takes")             \
    X(UPPER_INTERFACE, "upper-interface", PASS, "judged on the attached interface above this one") \
    X(OTHER_HOST, "other-host", PASS, "unicast frame for another host's MAC address")              \
    X(NEIGHBOUR_DISCOVERY, "neighbour-discovery", PASS, "IPv6 neighbour discovery, hop limit 255") \
    X(DHCP_CLIENT, "dhcp-client", PASS, "DHCP answer on an interface with a client")               \
    X(NOT_ARMED, "not-armed", PASS, "would be dropped, but nothing was committed yet")             \
    X(TTL_EXCEEDED, "ttl-exceeded", ANSWER, "TTL or hop limit used up")                            \
    X(TOO_BIG, "too-big", ANSWER, "larger than the path takes, and not to be fragmented")          \
    X(NO_ROUTE, "no-route", ANSWER, "no route leads to the destination")                           \
    X(UNREACHABLE_ROUTE, "unreachable-route", ANSWER, "the route is of type unreachable")          \
    X(PROHIBIT_ROUTE, "prohibit-route", ANSWER, "the route is of type prohibit")                   \
    X(BLACKHOLE_ROUTE, "blackhole-route", DROP, "the route is of type blackhole")                  \
    X(MALFORMED, "malformed", DROP, "bad IP header or longer than the frame")                      \
    X(MARTIAN_SOURCE, "martian-source", DROP, "source address that cannot be")                     \
    X(RP_FILTER, "rp-filter", DROP, "no way back to the source by this interface")                 \
    X(FRAGMENT_HELD, "fragment-held", HOLD, "fragment the agent keeps until the first one comes")  \
    X(FRAGMENT_UNKNOWN, "fragment-unknown", DROP,                                                  \
      "fragment whose first piece was not seen, and nobody to keep it")                            \
    X(FRAGMENT_TOO_LONG, "fragment-too-long", DROP, "fragment before its first, too long to keep") \
    X(FRAGMENT_NO_ROOM, "fragment-no-room", DROP, "fragment before its first, one of too many")    \
    X(FRAGMENT_EXPIRED, "fragment-expired", DROP, "fragment whose first piece did not come")       \
    X(FRAGMENT_DROPPED, "fragment-dropped", DROP,                                                  \
      "fragment of a datagram whose first piece was dropped")                                      \
    X(FRAGMENT_DUPLICATE, "fragment-duplicate", DROP, "fragment that has come before")             \
    X(FRAGMENT_OVERLAP, "fragment-overlap", DROP, "fragment that overlaps another one")            \
    X(FRAGMENT_TINY, "fragment-tiny", DROP, "fragment that cuts through the L4 header")            \
    X(RAW_RULE, "raw-rule", DROP, "dropped by a raw rule")                                         \
    X(FILTER_RULE, "filter-rule", DROP, "dropped by a filter rule")                                \
    X(WAY_UNKNOWN, "way-unknown", DROP, "a rule asks where it leaves, which a mark decides later") \
    X(TABLE_FULL, "table-full", DROP, "new connection above max-connections")                      \
    X(NAT_PORT_EXHAUSTED, "nat-port-exhausted", DROP, "no port left to translate its source to")   \
    X(NAT_NO_ADDRESS, "nat-no-address", DROP, "to masquerade by an interface without an address")  \
    X(NAT_FAILED, "nat-failed", DROP, "internal: the packet could not be translated")              \
    X(INPUT_FORWARDED, "input-forwarded", DROP, "judged as input, but the kernel forwards it")     \
    X(NO_SCRATCH, "no-scratch", DROP, "internal: no packet slot")                                  \
    X(NO_HEADROOM, "no-headroom", DROP, "internal: XDP had no room for its word to TC")

/*
 * What the sender is told: X(REASON, ICMP type, code, ICMPv6 type, code), as Linux has it. In
 * TOO_BIG there is the MTU too.
 */
#define TG_REASON_ERRORS(X)                                                                        \
    X(TTL_EXCEEDED, 11, 0, 3, 0)                                                                   \
    X(TOO_BIG, 3, 4, 2, 0)                                                                         \
    X(NO_ROUTE, 3, 0, 1, 0)                                                                        \
    X(UNREACHABLE_ROUTE, 3, 1, 1, 0)                                                               \
    X(PROHIBIT_ROUTE, 3, 13, 1, 1)

enum tg_reason {
#define TG_X(name, text, verdict, meaning) TG_REASON_##name,
    TG_REASONS(TG_X)
#undef TG_X
        TG_REASON_COUNT,
};

TG_ASSERT(TG_REASON_COUNT <= TG_LIMIT_REASONS, "every reason has its counter");
TG_ASSERT(TG_REASON_NEXT == 0, "a stage that returns 0 lets the next one go on");
