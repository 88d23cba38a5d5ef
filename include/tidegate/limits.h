/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every bound of the product, by name. Each is tested at its edge and one past it. */
#pragma once

#include <linux/types.h>

/* Connection table. */
#define TG_LIMIT_CONNECTIONS         1048576u /* highest value of max-connections */
#define TG_LIMIT_CONNECTIONS_DEFAULT 200000u  /* max-connections unless it is set */
#define TG_LIMIT_RESERVE_MAX         1024u /* most extra places for the router's own connections */
#define TG_LIMIT_RESERVE_MIN         16u /* fewest such places; between both: max-connections/16 */
#define TG_LIMIT_SWEEP_KEYS          64u /* connections one run of the sweep program looks at */
#define TG_LIMIT_SLAB_RECORDS        8192u /* records of one slab; a power of two */
#define TG_LIMIT_SLABS               136u  /* of a table: all connections, reserve, spare ones */
#define TG_STRIPES                   1024u /* locks of an index; its heads are a multiple of that */
#define TG_LIMIT_HEADS_MIN           4096u /* heads of the smallest index */
#define TG_LIMIT_HEADS_MAX           4194304u /* and of the largest */
#define TG_LIMIT_CHAIN               32u      /* records looked at behind one head */
#define TG_LIMIT_RECLAIM_LIVING      16u /* connections looked at for one that gives up its place */
#define TG_LIMIT_RECLAIM             8192u /* records looked at, those included that nobody has */
#define TG_LIMIT_RECLAIM_ALONE       8192u /* with the agent dead, so that nobody else looks */
#define TG_LIMIT_EVENT_BYTES         1048576u /* events nobody has read yet; a power of two */

/* Lines that rules write to the log. */
#define TG_LIMIT_LOG_BYTES           262144u /* lines nobody has read yet; a power of two */
#define TG_LIMIT_LOG_PER_SECOND      1000u   /* of all rules */
#define TG_LIMIT_LOG_BURST           500u    /* at once after a silence */
#define TG_LIMIT_LOG_RULE_PER_SECOND 100u    /* the same, of one rule */
#define TG_LIMIT_LOG_RULE_BURST      100u
#define TG_LIMIT_LOG_RULES           1024u /* rules told apart there; a power of two */

/* Fragments. Pieces that come before their first one are held by the agent. */
#define TG_LIMIT_FRAGMENTS              4096u    /* datagrams in fragments remembered at once */
#define TG_LIMIT_FRAGMENT_SECONDS       30u      /* how long a first fragment's verdict is kept */
#define TG_LIMIT_PIECE                  1976u    /* bytes of a frame that can be held */
#define TG_LIMIT_RING                   1048576u /* bytes of pieces on their way to the agent */
#define TG_LIMIT_AWAITED                2048u    /* datagrams whose first piece is waited for */
#define TG_LIMIT_HELD_SECONDS           2u       /* how long a piece is held */
#define TG_LIMIT_HELD_PIECES            1024u    /* held at once */
#define TG_LIMIT_HELD_BYTES             1048576u /* of their frames */
#define TG_LIMIT_HELD_BY_SOURCE         128u     /* pieces of one source held at once */
#define TG_LIMIT_HELD_PER_SECOND        2000u    /* pieces given to the agent */
#define TG_LIMIT_HELD_BURST             256u     /* at once after a silence */
#define TG_LIMIT_HELD_SOURCE_PER_SECOND 500u     /* the same, of one source */
#define TG_LIMIT_HELD_SOURCE_BURST      128u
#define TG_LIMIT_HELD_SOURCES           256u /* sources told apart; a power of two */

/* ICMP errors about forwarded packets; too-big and the others each by themselves. */
#define TG_LIMIT_ERRORS_PER_SECOND        1000u
#define TG_LIMIT_ERRORS_BURST             100u /* sent at once after a silence */
#define TG_LIMIT_SOURCE_ERRORS_PER_SECOND 1u   /* to one source, but for too-big */
#define TG_LIMIT_SOURCE_ERRORS_BURST      6u
#define TG_LIMIT_ERROR_SOURCES            1024u /* sources told apart; a power of two */

/* Network address translation. */
#define TG_LIMIT_NAT_PROBES   128u  /* ports tried for one connection */
#define TG_LIMIT_NAT_SOCKETS  8u    /* of them, those that may turn out the router's own */
#define TG_LIMIT_CUT_SEGMENTS 64u   /* of one packet that the kernel cuts into pieces */
#define TG_LIMIT_UNSOURCED    4096u /* packets on the kernel's way, before they get their source */

/* The agent. */
#define TG_LIMIT_SILENCE_SECONDS 10u /* without a heartbeat, after which it counts as dead */

/* Parsing. */
#define TG_LIMIT_CHECKSUM_BYTES         1500u /* IP length up to which L4 checksums are verified */
#define TG_LIMIT_IPV6_EXTENSION_HEADERS 8u    /* walked before a packet counts as malformed */
#define TG_LIMIT_IPV4_HEADER            60u   /* bytes, with options */

/* Rules and lists. */
#define TG_LIMIT_RULES           16384u /* rule ids, that is counters, over all tables */
#define TG_LIMIT_CHAIN_RULES     8192u  /* rules of one chain */
#define TG_LIMIT_JUMPS           16u    /* jumps that one packet has not returned from */
#define TG_LIMIT_WALK            16384u /* rules a packet can meet in a built-in chain and below */
#define TG_LIMIT_PORT_RANGES     16u    /* entries of one src-port or dst-port list */
#define TG_LIMIT_MARKS           4096u  /* names of marks */
#define TG_LIMIT_INTERFACE_LISTS 64u    /* interface lists, one bit each */
#define TG_LIMIT_INTERFACES      4096u  /* interfaces with list memberships */
#define TG_LIMIT_MASTERS         3u     /* bridges and bonds above each other that are looked up */
#define TG_LIMIT_ADDRESSES       8192u  /* addresses of the namespace, broadcast ones included */
#define TG_LIMIT_ATTACHED        256u   /* interfaces an instance is attached to */
#define TG_LIMIT_BANK_ELEMENTS   32768u /* elements of a bank, all sections */

/* Counted things. */
#define TG_LIMIT_REASONS 64u /* size of the reason counters */
