/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The shared maps: every object that includes this has the same ones, by the name of their pin. */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "tidegate/maps.h"
#include "tidegate/nat.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct tg_layout);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_layout SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct tg_control);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_control SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct tg_table);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_table SEC(".maps");

/* BPF_F_INNER_MAP lets every bank have its own size. */
struct tg_bank_map {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_INNER_MAP);
    __uint(max_entries, TG_BANK_FIRST);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(union tg_bank_element));
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, TG_BANK_SLOTS);
    __type(key, __u32);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
    __array(values, struct tg_bank_map);
} tg_banks SEC(".maps");

/* The connection table: see struct tg_conn. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct tg_shape);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_shape SEC(".maps");

struct tg_slab_map {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, TG_LIMIT_SLAB_RECORDS);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct tg_conn));
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, TG_LIMIT_SLABS);
    __type(key, __u32);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
    __array(values, struct tg_slab_map);
} tg_slabs SEC(".maps");

struct tg_ring_map {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct tg_ring));
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, TG_LIMIT_SLABS);
    __type(key, __u32);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
    __array(values, struct tg_ring_map);
} tg_rings SEC(".maps");

/* BPF_F_INNER_MAP lets every index have its own size. */
struct tg_index_map {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_INNER_MAP);
    __uint(max_entries, TG_LIMIT_HEADS_MIN);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(__u64));
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, TG_INDEXES);
    __type(key, __u32);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
    __array(values, struct tg_index_map);
} tg_indexes SEC(".maps");

/* A cache line each, so that CPUs that want different locks do not meet. */
struct tg_lock {
    struct bpf_spin_lock lock;
    __u8 alone[60];
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, TG_LIMIT_SLABS);
    __type(key, __u32);
    __type(value, struct tg_lock);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_slab_locks SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, TG_STRIPES);
    __type(key, __u32);
    __type(value, struct tg_lock);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_stripes SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, TG_LIMIT_EVENT_BYTES);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_events SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, TG_LIMIT_LOG_BYTES);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_log SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, TG_LIMIT_FRAGMENTS);
    __type(key, struct tg_fragment_key);
    __type(value, struct tg_fragment);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_fragments SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, TG_LIMIT_AWAITED);
    __type(key, struct tg_fragment_key);
    __type(value, __u64);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_awaited SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, TG_LIMIT_RING);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_pieces SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, TG_PIECE_COUNT);
    __type(key, __u32);
    __type(value, struct tg_counter);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_pieces_count SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, TG_LIMIT_RULES);
    __type(key, __u32);
    __type(value, struct tg_counter);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_rules_count SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, TG_LIMIT_REASONS);
    __type(key, __u32);
    __type(value, struct tg_counter);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_reasons_count SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, TG_ANSWER_COUNT);
    __type(key, __u32);
    __type(value, struct tg_counter);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_answers_count SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, TG_TALLY_COUNT);
    __type(key, __u32);
    __type(value, struct tg_counter);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_tallies_count SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, TG_RATE_COUNT);
    __type(key, __u32);
    __type(value, __u64);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_rates SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, TG_LIMIT_ATTACHED);
    __type(key, __u32);
    __type(value, struct tg_attached);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_attached SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, TG_DEVICE_SLOTS);
    __type(key, __u32);
    __type(value, struct tg_attached_slot);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_attached_slots SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, TG_LIMIT_INTERFACES);
    __type(key, __u32);
    __type(value, struct tg_device);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_devices SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, TG_DEVICE_SLOTS);
    __type(key, __u32);
    __type(value, struct tg_device_slot);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_device_slots SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, TG_LIMIT_INTERFACES);
    __type(key, __u64);
    __type(value, __u32);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_vlans SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, TG_LIMIT_ADDRESSES);
    __type(key, struct tg_addr);
    __type(value, __u32);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_addresses SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, TG_NAT_CURSORS);
    __type(key, __u32);
    __type(value, __u32);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_nat_cursors SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, TG_LIMIT_UNSOURCED);
    __type(key, struct tg_unsourced);
    __type(value, struct tg_source);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} tg_unsourced SEC(".maps");
