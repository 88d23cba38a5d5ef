// SPDX-License-Identifier: Apache-2.0
#include "control/agent/network.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <net/if.h>
#include <optional>
#include <set>
#include <sys/socket.h>

#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/qdisc.h>
#include <netlink/route/tc.h>
#include <netlink/socket.h>

#include "control/agent/error_sources.h"
#include "control/agent/local_routes.h"
#include "control/agent/uppers.h"
#include "control/base/route_tables.h"
#include "tidegate/control.h"

namespace tg {
namespace {

constexpr std::array groups = {RTNLGRP_LINK,        RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                               RTNLGRP_IPV4_ROUTE,  RTNLGRP_IPV6_ROUTE,  RTNLGRP_TC,
                               RTNLGRP_IPV4_NETCONF};
constexpr int receive_buffer = 1 << 20;
constexpr int dump_tries = 5; // a dump is disturbed by a change made meanwhile

struct FreeCache {
    void operator()(nl_cache *cache) const
    {
        nl_cache_free(cache);
    }
};
using Cache = std::unique_ptr<nl_cache, FreeCache>;

std::unexpected<Error> netlink_failed(const char *what, int error)
{
    return fail(fmt::format("netlink: cannot {}: {}", what, nl_geterror(error)));
}

Result<Fd> open_events()
{
    Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    sockaddr_nl address = {};
    address.nl_family = AF_NETLINK;
    if (!socket ||
        ::bind(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) {
        return fail(fmt::format("netlink: cannot listen: {}", std::strerror(errno)));
    }
    // A bigger buffer only makes losses rarer, which are dealt with anyway.
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    for (const int group : groups) {
        if (::setsockopt(socket.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) !=
            0) {
            return fail(
                fmt::format("netlink: cannot listen to group {}: {}", group, std::strerror(errno)));
        }
    }
    return socket;
}

template <class Dump> Result<Cache> dump(Dump &&request, const char *what)
{
    int error = 0;
    for (int i = 0; i < dump_tries; i++) {
        nl_cache *raw = nullptr;
        error = request(&raw);
        if (error == 0) {
            return Cache(raw);
        }
        if (error != -NLE_DUMP_INTR && error != -NLE_AGAIN) {
            break;
        }
    }
    return netlink_failed(what, error);
}

template <class Object, class Visit> void each(const Cache &cache, Visit &&visit)
{
    for (nl_object *object = nl_cache_get_first(cache.get()); object != nullptr;
         object = nl_cache_get_next(object)) {
        visit(reinterpret_cast<Object *>(object));
    }
}

std::set<std::uint32_t> ipv4_interfaces(const Cache &addresses)
{
    std::set<std::uint32_t> found;
    each<rtnl_addr>(addresses, [&](rtnl_addr *address) {
        if (rtnl_addr_get_family(address) == AF_INET) {
            found.insert(static_cast<std::uint32_t>(rtnl_addr_get_ifindex(address)));
        }
    });
    return found;
}

Address ipv4_address(std::uint32_t host_order)
{
    Address address;
    address.raw.words[2] = htonl(0xffff);
    address.raw.words[3] = htonl(host_order);
    return address;
}

// nullopt for what is no IP address.
std::optional<Address> own_address(rtnl_addr *address)
{
    const nl_addr *local = rtnl_addr_get_local(address);
    const bool ipv4 = rtnl_addr_get_family(address) == AF_INET;
    if (local == nullptr || nl_addr_get_len(local) != (ipv4 ? 4u : 16u)) {
        return std::nullopt;
    }
    if (ipv4) {
        std::uint32_t raw = 0;
        std::memcpy(&raw, nl_addr_get_binary_addr(local), sizeof raw);
        return ipv4_address(ntohl(raw));
    }
    Address own;
    std::memcpy(&own.raw, nl_addr_get_binary_addr(local), sizeof own.raw);
    return own;
}

// Own addresses, and of IPv4 networks the first and the last one, which are for all of it.
void add_address(rtnl_addr *address, std::map<Address, std::uint32_t> &found)
{
    constexpr unsigned longest_with_broadcast = 30; // RFC 3021
    const std::optional<Address> local = own_address(address);
    if (!local) {
        return;
    }
    found[*local] |= TG_ADDRESS_OWN;
    if (!local->is_ipv4()) {
        return;
    }
    const std::uint32_t own = ntohl(local->raw.words[3]);
    const auto length = static_cast<unsigned>(rtnl_addr_get_prefixlen(address));
    if (length != 0 && length <= longest_with_broadcast) {
        const std::uint32_t host_bits = ~std::uint32_t{0} >> length;
        found[ipv4_address(own | host_bits)] |= TG_ADDRESS_BROADCAST;
        found[ipv4_address(own & ~host_bits)] |= TG_ADDRESS_BROADCAST;
    }
}

// Those that others may be written to from, in the kernel's order.
std::vector<SourceAddress> source_addresses(const Cache &addresses)
{
    // IPv6 calls temporary (RFC 8981) what IPv4 calls secondary.
    constexpr unsigned unfit =
        IFA_F_SECONDARY | IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED;
    std::vector<SourceAddress> found;
    each<rtnl_addr>(addresses, [&](rtnl_addr *address) {
        const std::optional<Address> own = own_address(address);
        if (own && rtnl_addr_get_scope(address) == RT_SCOPE_UNIVERSE &&
            (rtnl_addr_get_flags(address) & unfit) == 0) {
            found.push_back({static_cast<std::uint32_t>(rtnl_addr_get_ifindex(address)), *own});
        }
    });
    return found;
}

// Of which families an interface has such an address itself.
std::uint32_t own_families(const std::vector<SourceAddress> &sources, std::uint32_t ifindex)
{
    std::uint32_t flags = 0;
    for (const SourceAddress &each : sources) {
        if (each.ifindex == ifindex) {
            flags |= each.address.is_ipv4() ? TG_DEVICE_OWN_IPV4 : TG_DEVICE_OWN_IPV6;
        }
    }
    return flags;
}

// rp_filter of an interface, as the kernel takes it: the larger of its own and that of "all".
std::uint32_t rp_flags(const char *interface)
{
    int larger = 0;
    for (const char *name : {"all", interface}) {
        std::ifstream file(fmt::format("/proc/sys/net/ipv4/conf/{}/rp_filter", name));
        int value = 0;
        if (file >> value) {
            larger = std::max(larger, value);
        }
    }
    return larger == 1 ? TG_DEVICE_RP_STRICT : larger == 2 ? TG_DEVICE_RP_LOOSE : 0u;
}

// Root queueing disciplines that neither shape nor order by more than arrival and fairness: what
// XDP sends past them loses nothing. Any other one must see every packet.
constexpr std::array<std::string_view, 8> plain_qdiscs = {
    "noqueue", "mq", "pfifo_fast", "pfifo", "bfifo", "pfifo_head_drop", "fq_codel", "fq"};

std::set<std::uint32_t> shaped_interfaces(const Cache &qdiscs)
{
    std::set<std::uint32_t> found;
    each<rtnl_tc>(qdiscs, [&](rtnl_tc *qdisc) {
        const char *kind = rtnl_tc_get_kind(qdisc);
        if (rtnl_tc_get_parent(qdisc) == TC_H_ROOT && kind != nullptr &&
            std::ranges::find(plain_qdiscs, std::string_view(kind)) == plain_qdiscs.end()) {
            found.insert(static_cast<std::uint32_t>(rtnl_tc_get_ifindex(qdisc)));
        }
    });
    return found;
}

} // namespace

void Network::CloseSocket::operator()(nl_sock *socket) const
{
    nl_socket_free(socket);
}

Result<Network> Network::open()
{
    Result<Fd> events = open_events();
    if (!events) {
        return std::unexpected(events.error());
    }
    Socket requests(nl_socket_alloc());
    if (!requests) {
        return fail("netlink: out of memory");
    }
    if (const int error = nl_connect(requests.get(), NETLINK_ROUTE); error < 0) {
        return netlink_failed("connect", error);
    }
    return Network(std::move(*events), std::move(requests));
}

void Network::look_at(const char *messages, std::size_t size)
{
    auto left = static_cast<unsigned>(size);
    for (auto *header = reinterpret_cast<const nlmsghdr *>(messages); NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
        switch (header->nlmsg_type) {
        case RTM_NEWLINK:
        case RTM_DELLINK:
        case RTM_NEWADDR:
        case RTM_DELADDR:
        case RTM_NEWQDISC:
        case RTM_DELQDISC:
        case RTM_NEWNETCONF:
            dirty_ = true;
            break;
        case RTM_NEWROUTE:
        case RTM_DELROUTE:
            route_changes_++;
            dirty_ = dirty_ ||
                     static_cast<const rtmsg *>(NLMSG_DATA(header))->rtm_table == RT_TABLE_LOCAL;
            break;
        default:
            break;
        }
    }
}

bool Network::drain()
{
    alignas(nlmsghdr) std::array<char, 65536> buffer;
    while (true) {
        const ssize_t size = ::recv(events_.get(), buffer.data(), buffer.size(), 0);
        if (size > 0) {
            look_at(buffer.data(), static_cast<std::size_t>(size));
        } else if (size < 0 && errno == ENOBUFS) {
            losses_++;
            dirty_ = true;
        } else if (size == 0 || errno != EINTR) {
            return dirty_;
        }
    }
}

bool Network::look()
{
    dirty_ = dirty_ || read_table_names() != state_.environment.tables;
    return drain();
}

Result<NetworkState> Network::read_all() const
{
    nl_sock *socket = requests_.get();
    const Result<Cache> links =
        dump([&](nl_cache **cache) { return rtnl_link_alloc_cache(socket, AF_UNSPEC, cache); },
             "list interfaces");
    const Result<Cache> addresses = dump(
        [&](nl_cache **cache) { return rtnl_addr_alloc_cache(socket, cache); }, "list addresses");
    const Result<Cache> qdiscs =
        dump([&](nl_cache **cache) { return rtnl_qdisc_alloc_cache(socket, cache); },
             "list queueing disciplines");
    for (const Result<Cache> *cache : {&links, &addresses, &qdiscs}) {
        if (!*cache) {
            return std::unexpected(cache->error());
        }
    }
    const Result<LocalRoutes> local = read_local_routes();
    if (!local) {
        return std::unexpected(local.error());
    }
    const std::vector<SourceAddress> sources = source_addresses(*addresses);
    std::set<std::uint32_t> running;
    const std::set<std::uint32_t> with_ipv4 = ipv4_interfaces(*addresses);
    const std::set<std::uint32_t> shaped = shaped_interfaces(*qdiscs);
    NetworkState state;
    state.environment.tables = read_table_names();
    std::vector<LinkFacts> facts;
    each<rtnl_addr>(*addresses, [&](rtnl_addr *address) { add_address(address, state.addresses); });
    for (const auto &[address, kind] : local->addresses) {
        state.addresses[address] |= kind;
    }
    each<rtnl_link>(*links, [&](rtnl_link *link) {
        const char *name = rtnl_link_get_name(link);
        const auto ifindex = static_cast<std::uint32_t>(rtnl_link_get_ifindex(link));
        if (name == nullptr) {
            return;
        }
        state.environment.interfaces.emplace(name, ifindex);
        tg_device device = {};
        device.mtu = rtnl_link_get_mtu(link);
        const bool up = (rtnl_link_get_flags(link) & IFF_UP) != 0;
        device.flags |= up && !with_ipv4.contains(ifindex) ? TG_DEVICE_NO_IPV4 : 0;
        device.flags |= rp_flags(name);
        device.flags |= !up || shaped.contains(ifindex) ? TG_DEVICE_NO_REDIRECT : 0;
        device.flags |= local->networks ? TG_DEVICE_LOCAL_NETS : 0;
        std::ranges::copy(error_sources(sources, ifindex), device.sources);
        device.flags |= own_families(sources, ifindex);
        if (up && (rtnl_link_get_flags(link) & IFF_RUNNING) != 0) {
            running.insert(ifindex);
        }
        const nl_addr *mac = rtnl_link_get_addr(link);
        if (mac != nullptr && nl_addr_get_len(mac) == sizeof device.mac) {
            std::memcpy(device.mac, nl_addr_get_binary_addr(mac), sizeof device.mac);
        }
        state.devices.emplace(ifindex, device);
        facts.push_back(link_facts(*link));
    });
    state.vlans = note_uppers(facts, state.devices);
    each<rtnl_addr>(*addresses, [&](rtnl_addr *address) {
        const std::optional<Address> own = own_address(address);
        if (own && running.contains(static_cast<std::uint32_t>(rtnl_addr_get_ifindex(address)))) {
            state.running_addresses.insert(*own);
        }
    });
    return state;
}

Result<bool> Network::sync()
{
    if (!dirty_) {
        return false;
    }
    Result<NetworkState> fresh = read_all();
    if (!fresh) {
        return std::unexpected(fresh.error());
    }
    dirty_ = false;
    const bool changed = !(*fresh == state_);
    state_ = std::move(*fresh);
    return changed;
}

} // namespace tg
