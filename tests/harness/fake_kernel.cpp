// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/fake_kernel.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <stdexcept>

#include "tests/harness/fake_fib.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

FakeKernel *current_kernel = nullptr;

Bytes address_bytes(const std::string &text)
{
    Bytes bytes(text.find(':') == std::string::npos ? 4 : 16);
    inet_pton(bytes.size() == 4 ? AF_INET : AF_INET6, text.c_str(), bytes.data());
    return bytes;
}

bool same(const std::string &text, const void *address, std::size_t size)
{
    const Bytes bytes = address_bytes(text);
    return bytes.size() == size && std::memcmp(bytes.data(), address, size) == 0;
}

} // namespace

FakeKernel::FakeKernel()
{
    if (current_kernel != nullptr) {
        throw std::runtime_error("there is a fake kernel already");
    }
    current_kernel = this;
}

FakeKernel::~FakeKernel()
{
    current_kernel = nullptr;
}

FakeKernel &FakeKernel::current()
{
    return *current_kernel;
}

void FakeKernel::add_map(const void *symbol, const std::shared_ptr<FakeMap> &map)
{
    maps_[symbol] = map;
    maps_[map.get()] = map; // inner maps are handed out by this address
}

FakeMap &FakeKernel::map_at(const void *address)
{
    const auto found = maps_.find(address);
    if (found == maps_.end()) {
        throw std::runtime_error("a program used something that is not a map");
    }
    return *found->second;
}

FakeMap &FakeKernel::ring_of(const void *record)
{
    const auto found =
        std::ranges::find_if(maps_, [](const auto &entry) { return entry.second->holds_record(); });
    if (record == nullptr || found == maps_.end()) {
        throw std::runtime_error("a program submitted what it had not reserved");
    }
    return *found->second;
}

int FakeKernel::run(Function function, FakeSkb &skb)
{
    running_ = &skb;
    const int result = function(&skb.context);
    running_ = nullptr;
    for (const auto &[address, map] : maps_) {
        map->program_ended();
        if (map->holds_record()) {
            throw std::runtime_error("a program did not submit a record");
        }
    }
    if (!borrowed_.empty()) {
        throw std::runtime_error("a program did not release a socket");
    }
    return result;
}

bpf_sock *FakeKernel::find_socket(const bpf_sock_tuple &tuple, bool ipv4, bool udp)
{
    const std::size_t size = ipv4 ? 4 : 16;
    const void *remote = ipv4 ? static_cast<const void *>(&tuple.ipv4.saddr) : tuple.ipv6.saddr;
    const void *local = ipv4 ? static_cast<const void *>(&tuple.ipv4.daddr) : tuple.ipv6.daddr;
    const std::uint16_t remote_port = ntohs(ipv4 ? tuple.ipv4.sport : tuple.ipv6.sport);
    const std::uint16_t local_port = ntohs(ipv4 ? tuple.ipv4.dport : tuple.ipv6.dport);
    for (const bool listening : {false, true}) {
        const auto found = std::ranges::find_if(sockets, [&](const Socket &socket) {
            return socket.udp == udp && socket.remote.empty() == listening &&
                   socket.local_port == local_port && same(socket.local, local, size) &&
                   (listening ||
                    (socket.remote_port == remote_port && same(socket.remote, remote, size)));
        });
        if (found != sockets.end()) {
            borrowed_.push_back(std::make_unique<bpf_sock>());
            borrowed_.back()->state =
                static_cast<std::uint32_t>(listening ? BPF_TCP_LISTEN : BPF_TCP_ESTABLISHED);
            return borrowed_.back().get();
        }
    }
    return nullptr;
}

void FakeKernel::release_socket(const bpf_sock *socket)
{
    const auto found = std::ranges::find_if(
        borrowed_, [socket](const auto &borrowed) { return borrowed.get() == socket; });
    if (found == borrowed_.end()) {
        throw std::runtime_error("a program released a socket twice");
    }
    borrowed_.erase(found);
}

} // namespace tg::test

using tg::test::FakeKernel;
using tg::test::FakeSkb;

namespace {

FakeSkb *skb_of(void *context)
{
    return static_cast<FakeSkb *>(context);
}

const FakeSkb *skb_of(const void *context)
{
    return static_cast<const FakeSkb *>(context);
}

constexpr std::size_t longest_skb = 16 * 1024; // about SKB_MAX_ALLOC, of what helpers make

bool inside(const FakeSkb &skb, std::uint32_t offset, std::uint64_t length)
{
    return length != 0 && offset + length <= skb.bytes.size();
}

// Adds a difference to a checksum of the frame, as the kernel does for finished ones.
long change_checksum(FakeSkb *skb, std::uint32_t offset, std::uint64_t difference, bool optional)
{
    if (offset > INT32_MAX || !inside(*skb, offset, sizeof(std::uint16_t))) {
        return -EFAULT;
    }
    std::uint16_t field = 0;
    std::memcpy(&field, skb->bytes.data() + offset, sizeof field);
    if (optional && field == 0) {
        return 0;
    }
    std::uint64_t sum = (difference & 0xffffffff) + static_cast<std::uint16_t>(~field);
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    field = static_cast<std::uint16_t>(~sum);
    if (optional && field == 0) {
        field = 0xffff;
    }
    std::memcpy(skb->bytes.data() + offset, &field, sizeof field);
    return 0;
}

} // namespace

extern "C" {

// NOLINTBEGIN(readability-identifier-naming): the names are those of the stand-in header.
void *tg_fake_map_lookup(void *map, const void *key)
{
    return FakeKernel::current().map_at(map).lookup(key);
}

long tg_fake_map_update(void *map, const void *key, const void *value, std::uint64_t flags)
{
    return FakeKernel::current().map_at(map).update(key, value, flags);
}

long tg_fake_map_delete(void *map, const void *key)
{
    return FakeKernel::current().map_at(map).remove(key);
}

void *tg_fake_ringbuf_reserve(void *map, std::uint64_t size, std::uint64_t flags)
{
    return flags == 0 ? FakeKernel::current().map_at(map).reserve(size) : nullptr;
}

void tg_fake_ringbuf_submit(void *record, std::uint64_t flags)
{
    (void)flags;
    FakeKernel::current().ring_of(record).submit(record);
}

void tg_fake_ringbuf_discard(void *record, std::uint64_t flags)
{
    (void)flags;
    FakeKernel::current().ring_of(record).discard(record);
}

long tg_fake_ringbuf_output(void *map, void *data, std::uint64_t size, std::uint64_t flags)
{
    void *record = tg_fake_ringbuf_reserve(map, size, flags);
    if (record == nullptr) {
        return -EAGAIN;
    }
    std::memcpy(record, data, size);
    tg_fake_ringbuf_submit(record, flags);
    return 0;
}

std::uint64_t tg_fake_ringbuf_query(void *map, std::uint64_t what)
{
    const tg::test::FakeMap &ring = FakeKernel::current().map_at(map);
    return what == BPF_RB_AVAIL_DATA ? ring.used() : 0;
}

std::uint64_t tg_fake_jiffies()
{
    return FakeKernel::current().jiffies;
}

std::uint64_t tg_fake_ktime()
{
    const FakeKernel &kernel = FakeKernel::current();
    return kernel.jiffies * (1'000'000'000 / kernel.ticks_per_second);
}

std::uint32_t tg_fake_random()
{
    return static_cast<std::uint32_t>(FakeKernel::current().random());
}

long tg_fake_load_bytes(const void *context, std::uint32_t offset, void *to, std::uint32_t length)
{
    const FakeSkb *skb = skb_of(context);
    if (offset > INT32_MAX || !inside(*skb, offset, length)) {
        std::memset(to, 0, length);
        return -EFAULT;
    }
    std::memcpy(to, skb->bytes.data() + offset, length);
    return 0;
}

long tg_fake_store_bytes(__sk_buff *context, std::uint32_t offset, const void *from,
                         std::uint32_t length, std::uint64_t flags)
{
    FakeSkb *skb = skb_of(context);
    constexpr std::uint64_t known = BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH;
    if ((flags & ~known) != 0) {
        return -EINVAL;
    }
    if (offset > INT32_MAX || !inside(*skb, offset, length)) {
        return -EFAULT;
    }
    std::memcpy(skb->bytes.data() + offset, from, length);
    return 0;
}

long tg_fake_pull_data(__sk_buff *context, std::uint32_t length)
{
    return length <= skb_of(context)->bytes.size() ? 0 : -ENOMEM;
}

// Drops what the skb knows of segments; the kernel does not cut into the headers it knows.
long tg_fake_change_tail(__sk_buff *context, std::uint32_t length, std::uint64_t flags)
{
    FakeSkb *skb = skb_of(context);
    if (flags != 0 || length < ETH_HLEN || length > longest_skb) {
        return -EINVAL;
    }
    skb->bytes.resize(length);
    context->len = length;
    context->gso_size = context->gso_segs = 0;
    return 0;
}

long tg_fake_change_head(__sk_buff *context, std::uint32_t size, std::uint64_t flags)
{
    FakeSkb *skb = skb_of(context);
    if (flags != 0 || skb->bytes.size() + size > longest_skb) {
        return -EINVAL;
    }
    skb->bytes.insert(skb->bytes.begin(), size, 0);
    context->len += size;
    return 0;
}

long tg_fake_l3_csum_replace(__sk_buff *context, std::uint32_t offset, std::uint64_t from,
                             std::uint64_t to, std::uint64_t size)
{
    return from != 0 || size != 0 ? -EINVAL : change_checksum(skb_of(context), offset, to, false);
}

long tg_fake_l4_csum_replace(__sk_buff *context, std::uint32_t offset, std::uint64_t from,
                             std::uint64_t to, std::uint64_t flags)
{
    constexpr std::uint64_t known = BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0;
    if (from != 0 || (flags & ~known) != 0) {
        return -EINVAL;
    }
    return change_checksum(skb_of(context), offset, to, (flags & BPF_F_MARK_MANGLED_0) != 0);
}

// A sum that may be larger than 16 bits, as the kernel's before 6.13.
long tg_fake_csum_diff(const __be32 *from, std::uint32_t from_size, const __be32 *to,
                       std::uint32_t to_size, std::uint32_t seed)
{
    if (from_size % 4 != 0 || to_size % 4 != 0 || from_size + to_size > 512) {
        return -EINVAL;
    }
    std::uint64_t sum = seed;
    for (std::uint32_t i = 0; i < from_size / 4; i++) {
        sum += static_cast<std::uint32_t>(~from[i]);
    }
    for (std::uint32_t i = 0; i < to_size / 4; i++) {
        sum += to[i];
    }
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    return static_cast<long>(sum);
}

// Only tags that stand in the frame: none is put beside it in a test run.
long tg_fake_vlan_pop(__sk_buff *context)
{
    FakeSkb *skb = skb_of(context);
    constexpr std::ptrdiff_t addresses = 2 * ETH_ALEN, tag = 4;
    if (context->protocol != ntohs(ETH_P_8021Q) && context->protocol != ntohs(ETH_P_8021AD)) {
        return 0;
    }
    if (skb->bytes.size() < ETH_HLEN + tag) {
        return -ENOMEM;
    }
    skb->bytes.erase(skb->bytes.begin() + addresses, skb->bytes.begin() + addresses + tag);
    std::uint16_t protocol = 0;
    std::memcpy(&protocol, skb->bytes.data() + addresses, sizeof protocol);
    context->protocol = protocol;
    context->len = static_cast<std::uint32_t>(skb->bytes.size());
    return 0;
}

long tg_fake_fib_lookup(void *context, bpf_fib_lookup *params, int length, std::uint32_t flags)
{
    const FakeSkb *skb = skb_of(context);
    if (length < static_cast<int>(sizeof *params)) {
        return -EINVAL;
    }
    const bool gso = skb->context.gso_size != 0;
    return tg::test::fake_fib_lookup(*params, flags,
                                     gso ? 0 : static_cast<std::uint32_t>(skb->bytes.size()));
}

long tg_fake_check_mtu(void *context, std::uint32_t ifindex, std::uint32_t *mtu,
                       std::int32_t longer, std::uint64_t flags)
{
    const FakeSkb *skb = skb_of(context);
    const tg::test::Interface *port =
        tg::test::find_interface(ifindex == 0 ? skb->context.ifindex : ifindex);
    if (flags != 0 || port == nullptr) {
        return flags != 0 ? -EINVAL : -ENODEV;
    }
    const auto length = static_cast<std::int64_t>(skb->bytes.size()) - ETH_HLEN + longer;
    const bool too_long = length > port->mtu && skb->context.gso_size == 0;
    *mtu = port->mtu;
    return too_long ? BPF_MTU_CHK_RET_FRAG_NEEDED : BPF_MTU_CHK_RET_SUCCESS;
}

long tg_fake_redirect(std::uint32_t ifindex, std::uint64_t flags)
{
    if (flags > BPF_F_INGRESS) {
        return TC_ACT_SHOT;
    }
    FakeKernel::current().redirect(ifindex);
    return TC_ACT_REDIRECT;
}

long tg_fake_redirect_neigh(std::uint32_t ifindex, bpf_redir_neigh *params, int length,
                            std::uint64_t flags)
{
    if (flags != 0 || (length != 0 && length != static_cast<int>(sizeof *params))) {
        return TC_ACT_SHOT;
    }
    FakeKernel::current().redirect(ifindex);
    return TC_ACT_REDIRECT;
}

bpf_sock *tg_fake_skc_lookup_tcp(void *context, bpf_sock_tuple *tuple, std::uint32_t size,
                                 std::uint64_t netns, std::uint64_t flags)
{
    (void)context;
    if (flags != 0 || netns != static_cast<std::uint64_t>(BPF_F_CURRENT_NETNS) ||
        (size != sizeof tuple->ipv4 && size != sizeof tuple->ipv6)) {
        return nullptr;
    }
    return FakeKernel::current().find_socket(*tuple, size == sizeof tuple->ipv4, false);
}

bpf_sock *tg_fake_sk_lookup_udp(void *context, bpf_sock_tuple *tuple, std::uint32_t size,
                                std::uint64_t netns, std::uint64_t flags)
{
    (void)context;
    if (flags != 0 || netns != static_cast<std::uint64_t>(BPF_F_CURRENT_NETNS) ||
        (size != sizeof tuple->ipv4 && size != sizeof tuple->ipv6)) {
        return nullptr;
    }
    return FakeKernel::current().find_socket(*tuple, size == sizeof tuple->ipv4, true);
}

long tg_fake_sk_release(void *socket)
{
    FakeKernel::current().release_socket(static_cast<bpf_sock *>(socket));
    return 0;
}

long tg_fake_loop(std::uint32_t count, void *callback, void *context, std::uint64_t flags)
{
    constexpr std::uint32_t most = 1u << 23;
    if (flags != 0) {
        return -EINVAL;
    }
    if (count > most) {
        return -E2BIG;
    }
    const auto function = reinterpret_cast<long (*)(std::uint32_t, void *)>(callback);
    std::uint32_t done = 0;
    while (done < count) {
        if (function(done++, context) != 0) {
            break;
        }
    }
    return done;
}
// NOLINTEND(readability-identifier-naming)

} // extern "C"
