/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps by name: what BPF programs, loader and agent mean when they say "the … map". */
#pragma once

#include "tidegate/chain.h"
#include "tidegate/conn.h"
#include "tidegate/control.h"
#include "tidegate/event.h"
#include "tidegate/fragment.h"
#include "tidegate/limits.h"
#include "tidegate/log.h"
#include "tidegate/verdict.h"

/*
 * Names of maps and of their pins below /run/tidegate/<instance>/bpf/maps/.
 *
 * tg_layout        ARRAY[1]              struct tg_layout
 * tg_control       ARRAY[1]              struct tg_control
 * tg_shape         ARRAY[1]              struct tg_shape, BPF_F_MMAPABLE
 * tg_table         ARRAY[1]              struct tg_table
 * tg_banks         ARRAY_OF_MAPS[3]      bank 0 and 1 in turn, 2: see below
 *                    inner: ARRAY        union tg_bank_element, BPF_F_INNER_MAP
 * tg_slabs         ARRAY_OF_MAPS         records by id / TG_LIMIT_SLAB_RECORDS, then by the rest
 *                    inner: ARRAY        struct tg_conn, BPF_F_MMAPABLE
 * tg_rings         ARRAY_OF_MAPS         by slab
 *                    inner: ARRAY[1]     struct tg_ring
 * tg_indexes       ARRAY_OF_MAPS[2]      see struct tg_shape
 *                    inner: ARRAY        __u64 head by the hash's upper bits, BPF_F_INNER_MAP
 * tg_slab_locks    ARRAY                 struct tg_lock by slab: its ring
 * tg_stripes       ARRAY                 struct tg_lock by the hash's upper bits: chains
 * tg_events        RINGBUF               struct tg_event
 * tg_log           RINGBUF               struct tg_log_line
 * tg_fragments     LRU_HASH              struct tg_fragment_key → struct tg_fragment
 * tg_awaited       LRU_HASH              struct tg_fragment_key → __u64 jiffies: pieces are held
 * tg_pieces        RINGBUF               struct tg_piece, or struct tg_fragment_key
 * tg_pieces_count  PERCPU_ARRAY          enum tg_piece_count → struct tg_counter
 * tg_rules_count   PERCPU_ARRAY          rule id → struct tg_counter
 * tg_reasons_count PERCPU_ARRAY          enum tg_reason → struct tg_counter
 * tg_answers_count PERCPU_ARRAY          enum tg_answer → struct tg_counter
 * tg_tallies_count PERCPU_ARRAY          enum tg_tally → struct tg_counter
 * tg_rates         ARRAY                 __u64, see TG_RATE_*
 * tg_attached      HASH                  ifindex → struct tg_attached
 * tg_attached_slots ARRAY[1024]          ifindex & TG_DEVICE_SLOT_MASK → struct tg_attached_slot
 * tg_devices       HASH                  ifindex → struct tg_device
 * tg_device_slots  ARRAY[1024]           ifindex & TG_DEVICE_SLOT_MASK → struct tg_device_slot
 * tg_vlans         HASH                  tg_vlan_key() → __u32 ifindex
 * tg_addresses     HASH                  struct tg_addr → __u32 TG_ADDRESS_*
 * tg_nat_cursors   ARRAY                 __u32, see tg_nat_probe
 * tg_unsourced     LRU_HASH              struct tg_unsourced → struct tg_source
 * tg_explained     PERCPU_ARRAY[1]       struct tg_record, of the `explain` programs
 */
#define TG_PIN_MAPS     "maps"
#define TG_PIN_PROGRAMS "programs"
#define TG_PIN_LINKS    "links"

/*
 * A commit fills the slot the datapath does not read ((bank + 1) & 1) and then raises
 * tg_control.bank. Writing this third slot makes the kernel wait until every packet that may
 * still use the former bank is done.
 */
#define TG_BANK_SLOTS      3u
#define TG_BANK_SLOT_GRACE 2u

/*
 * Of the interfaces that share a slot of tg_device_slots one has it, the others are found in
 * tg_devices, which has all. A slot never says what tg_devices does not. So it is with
 * tg_attached_slots and tg_attached.
 */
#define TG_DEVICE_SLOTS     1024u
#define TG_DEVICE_SLOT_MASK (TG_DEVICE_SLOTS - 1)

/* The buckets of tg_rates (core/rate.h). */
#define TG_RATE_TOO_BIG      0u
#define TG_RATE_OTHERS       1u
#define TG_RATE_HELD         2u
#define TG_RATE_SOURCES      3u /* the first of TG_LIMIT_ERROR_SOURCES */
#define TG_RATE_HELD_SOURCES (TG_RATE_SOURCES + TG_LIMIT_ERROR_SOURCES)
#define TG_RATE_LOG          (TG_RATE_HELD_SOURCES + TG_LIMIT_HELD_SOURCES)
#define TG_RATE_LOG_RULES    (TG_RATE_LOG + 1) /* the first of TG_LIMIT_LOG_RULES */
#define TG_RATE_COUNT        (TG_RATE_LOG_RULES + TG_LIMIT_LOG_RULES)

TG_ASSERT((TG_LIMIT_ERROR_SOURCES & (TG_LIMIT_ERROR_SOURCES - 1)) == 0, "for the mask");
TG_ASSERT((TG_LIMIT_HELD_SOURCES & (TG_LIMIT_HELD_SOURCES - 1)) == 0, "for the mask");
TG_ASSERT((TG_LIMIT_LOG_RULES & (TG_LIMIT_LOG_RULES - 1)) == 0, "for the mask");
