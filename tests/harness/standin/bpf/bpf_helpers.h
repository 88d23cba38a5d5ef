/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for libbpf's header of the same name when a program's source is compiled for
 * userspace: the words mean the same, the helpers are the fake kernel's (fake_kernel.cpp).
 */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>
#include <stddef.h>

#define SEC(name)        __attribute__((used, visibility("default")))
#define __uint(name, v)  int(*name)[v]
#define __type(name, v)  __typeof__(v) *name
#define __array(name, v) __typeof__(v) *name[]
#define __noinline       __attribute__((noinline))
#define __weak           __attribute__((weak))
#define __hidden         __attribute__((visibility("hidden")))
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

enum libbpf_pin_type {
    LIBBPF_PIN_NONE,
    LIBBPF_PIN_BY_NAME,
};

/* libbpf's userspace library has functions of the maps' names, so these carry one of their own. */
#define bpf_map_lookup_elem                      tg_fake_map_lookup
#define bpf_map_update_elem                      tg_fake_map_update
#define bpf_map_delete_elem                      tg_fake_map_delete
#define bpf_ringbuf_reserve                      tg_fake_ringbuf_reserve
#define bpf_ringbuf_submit                       tg_fake_ringbuf_submit
#define bpf_ringbuf_discard                      tg_fake_ringbuf_discard
#define bpf_ringbuf_output                       tg_fake_ringbuf_output
#define bpf_ringbuf_query                        tg_fake_ringbuf_query
#define bpf_jiffies64                            tg_fake_jiffies
#define bpf_ktime_get_ns                         tg_fake_ktime
#define bpf_get_prandom_u32                      tg_fake_random
#define bpf_skb_load_bytes                       tg_fake_load_bytes
#define bpf_skb_store_bytes                      tg_fake_store_bytes
#define bpf_skb_pull_data                        tg_fake_pull_data
#define bpf_skb_change_tail                      tg_fake_change_tail
#define bpf_skb_change_head                      tg_fake_change_head
#define bpf_skb_vlan_pop                         tg_fake_vlan_pop
#define bpf_l3_csum_replace                      tg_fake_l3_csum_replace
#define bpf_l4_csum_replace                      tg_fake_l4_csum_replace
#define bpf_csum_diff                            tg_fake_csum_diff
#define bpf_fib_lookup(ctx, params, size, flags) tg_fake_fib_lookup(ctx, params, size, flags)
#define bpf_check_mtu                            tg_fake_check_mtu
#define bpf_redirect                             tg_fake_redirect
#define bpf_redirect_neigh                       tg_fake_redirect_neigh
#define bpf_skc_lookup_tcp                       tg_fake_skc_lookup_tcp
#define bpf_sk_lookup_udp                        tg_fake_sk_lookup_udp
#define bpf_sk_release                           tg_fake_sk_release
#define bpf_loop                                 tg_fake_loop

/* There is one CPU. The structure of the same name stays what it is. */
#define bpf_spin_lock(lock)   ((void)(lock))
#define bpf_spin_unlock(lock) ((void)(lock))

void *tg_fake_map_lookup(void *map, const void *key);
long tg_fake_map_update(void *map, const void *key, const void *value, __u64 flags);
long tg_fake_map_delete(void *map, const void *key);
void *tg_fake_ringbuf_reserve(void *map, __u64 size, __u64 flags);
void tg_fake_ringbuf_submit(void *record, __u64 flags);
void tg_fake_ringbuf_discard(void *record, __u64 flags);
long tg_fake_ringbuf_output(void *map, void *data, __u64 size, __u64 flags);
__u64 tg_fake_ringbuf_query(void *map, __u64 what);
__u64 tg_fake_jiffies(void);
__u64 tg_fake_ktime(void);
__u32 tg_fake_random(void);
long tg_fake_load_bytes(const void *skb, __u32 offset, void *to, __u32 length);
long tg_fake_store_bytes(struct __sk_buff *skb, __u32 offset, const void *from, __u32 length,
                         __u64 flags);
long tg_fake_pull_data(struct __sk_buff *skb, __u32 length);
long tg_fake_change_tail(struct __sk_buff *skb, __u32 length, __u64 flags);
long tg_fake_change_head(struct __sk_buff *skb, __u32 size, __u64 flags);
long tg_fake_vlan_pop(struct __sk_buff *skb);
long tg_fake_l3_csum_replace(struct __sk_buff *skb, __u32 offset, __u64 from, __u64 to, __u64 size);
long tg_fake_l4_csum_replace(struct __sk_buff *skb, __u32 offset, __u64 from, __u64 to,
                             __u64 flags);
long tg_fake_csum_diff(const __be32 *from, __u32 from_size, const __be32 *to, __u32 to_size,
                       __u32 seed);
long tg_fake_fib_lookup(void *ctx, struct bpf_fib_lookup *params, int length, __u32 flags);
long tg_fake_check_mtu(void *ctx, __u32 ifindex, __u32 *mtu, __s32 longer, __u64 flags);
long tg_fake_redirect(__u32 ifindex, __u64 flags);
long tg_fake_redirect_neigh(__u32 ifindex, struct bpf_redir_neigh *params, int length, __u64 flags);
struct bpf_sock *tg_fake_skc_lookup_tcp(void *ctx, struct bpf_sock_tuple *tuple, __u32 size,
                                        __u64 netns, __u64 flags);
struct bpf_sock *tg_fake_sk_lookup_udp(void *ctx, struct bpf_sock_tuple *tuple, __u32 size,
                                       __u64 netns, __u64 flags);
long tg_fake_sk_release(void *sock);
long tg_fake_loop(__u32 count, void *callback, void *context, __u64 flags);
