// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/fake_fib.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/ether.h>
#include <string>
#include <sys/socket.h>
#include <vector>

#include "tests/harness/kernel_version.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

struct Entry {
    Prefix prefix;
    RouteType type;
    std::array<std::uint8_t, 16> gateway = {}; // zeros: none
    const Interface *out = nullptr;            // nullptr: any
    std::uint32_t mark = 0;                    // 0: for all packets
    std::uint32_t mtu = 0;                     // 0: the interface's
};

bool covers(const Prefix &prefix, const std::array<std::uint8_t, 16> &address)
{
    for (unsigned bit = 0; bit < prefix.length; bit++) {
        if (((prefix.address[bit / 8] ^ address[bit / 8]) >> (7 - bit % 8) & 1) != 0) {
            return false;
        }
    }
    return true;
}

// The routes that the kernel adds for an address: on-link prefix, the address itself, broadcast.
void add_address(std::vector<Entry> &table, const Interface &port, std::string_view text)
{
    Prefix prefix = parse_prefix(text);
    Prefix host = prefix;
    host.length = 128;
    table.push_back({host, RouteType::local, {}, &port});
    table.push_back({prefix, RouteType::unicast, {}, &port});
    for (unsigned bit = prefix.length; bit < 128; bit++) {
        const auto mask = static_cast<std::uint8_t>(0x80u >> bit % 8);
        host.address[bit / 8] = static_cast<std::uint8_t>(
            prefix.ipv4 ? host.address[bit / 8] | mask : host.address[bit / 8] & ~mask);
    }
    // The all-ones address of IPv4; the subnet-router anycast address of IPv6 is the router's own.
    table.push_back({host, prefix.ipv4 ? RouteType::broadcast : RouteType::local, {}, &port});
}

std::vector<Entry> make_table()
{
    std::vector<Entry> table;
    for (const Interface &port : interfaces) {
        for (const std::string_view address : {port.ipv4, port.ipv6}) {
            if (!address.empty()) {
                add_address(table, port, address);
            }
        }
    }
    for (const Route &route : routes) {
        Entry entry{parse_prefix(route.prefix), route.type, {}, find_interface(route.interface)};
        if (!route.gateway.empty()) {
            entry.gateway = parse_prefix(route.gateway).address;
        }
        entry.mark = route.mark;
        entry.mtu = route.mtu;
        table.push_back(entry);
    }
    table.push_back({parse_prefix("127.0.0.0/8"), RouteType::local, {}, nullptr});
    table.push_back({parse_prefix("127.255.255.255"), RouteType::broadcast, {}, nullptr});
    table.push_back({parse_prefix("::1"), RouteType::local, {}, nullptr});
    table.push_back({parse_prefix("ff00::/8"), RouteType::multicast, {}, nullptr});
    table.push_back({parse_prefix("224.0.0.0/4"), RouteType::multicast, {}, nullptr});
    table.push_back({parse_prefix("255.255.255.255"), RouteType::broadcast, {}, nullptr});
    std::ranges::stable_sort(table, std::greater{},
                             [](const Entry &entry) { return entry.prefix.length; });
    return table;
}

// The kernel asks the table of the router's own addresses first, then that of a mark, then the
// rest. `out` nullptr: by whatever interface.
const Entry *find_route(const std::array<std::uint8_t, 16> &address, bool ipv4, std::uint32_t mark,
                        const Interface *out)
{
    static const std::vector<Entry> table = make_table();
    const auto find = [&](const auto &wanted) {
        const auto found = std::ranges::find_if(table, [&](const Entry &entry) {
            return entry.prefix.ipv4 == ipv4 && wanted(entry) && covers(entry.prefix, address) &&
                   (out == nullptr || entry.type != RouteType::unicast || entry.out == out);
        });
        return found == table.end() ? nullptr : &*found;
    };
    const Entry *own = find([](const Entry &entry) {
        return entry.type == RouteType::local || entry.type == RouteType::broadcast ||
               entry.type == RouteType::multicast;
    });
    const Entry *marked = find([&](const Entry &entry) { return mark != 0 && entry.mark == mark; });
    const Entry *any = find([](const Entry &entry) { return entry.mark == 0; });
    return own != nullptr ? own : marked != nullptr ? marked : any;
}

std::array<std::uint8_t, 16> destination(const bpf_fib_lookup &params)
{
    std::array<std::uint8_t, 16> address{};
    if (params.family == AF_INET) {
        address[10] = address[11] = 0xff;
        std::memcpy(address.data() + 12, &params.ipv4_dst, 4);
    } else {
        std::memcpy(address.data(), params.ipv6_dst, 16);
    }
    return address;
}

std::uint8_t tos_of(const bpf_fib_lookup &params)
{
    return static_cast<std::uint8_t>(params.family == AF_INET ? params.tos
                                                              : ntohl(params.flowinfo) >> 20);
}

// Multicast, link-local and loopback addresses, which IPv6 does not forward from or to.
bool of_one_link(const std::uint32_t *words)
{
    const auto *bytes = reinterpret_cast<const std::uint8_t *>(words);
    constexpr std::array<std::uint8_t, 16> loopback = {0, 0, 0, 0, 0, 0, 0, 0,
                                                       0, 0, 0, 0, 0, 0, 0, 1};
    return bytes[0] == 0xff || (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) ||
           std::memcmp(bytes, loopback.data(), loopback.size()) == 0;
}

long refusal(RouteType type)
{
    switch (type) {
    case RouteType::blackhole:
        return BPF_FIB_LKUP_RET_BLACKHOLE;
    case RouteType::unreachable:
        return BPF_FIB_LKUP_RET_UNREACHABLE;
    case RouteType::prohibit:
        return BPF_FIB_LKUP_RET_PROHIBIT;
    default:
        return BPF_FIB_LKUP_RET_NOT_FWDED;
    }
}

bool set_neighbour(bpf_fib_lookup &params, const Interface &out,
                   const std::array<std::uint8_t, 16> &address)
{
    for (const Neighbour &host : neighbours) {
        if (host.interface != out.name || parse_prefix(host.address).address != address) {
            continue;
        }
        ether_addr mac{};
        ether_aton_r(std::string(host.mac).c_str(), &mac);
        std::memcpy(params.dmac, &mac, 6);
        ether_aton_r(std::string(out.mac).c_str(), &mac);
        std::memcpy(params.smac, &mac, 6);
        return true;
    }
    return false;
}

} // namespace

long fake_fib_lookup(bpf_fib_lookup &params, std::uint32_t flags, std::uint32_t frame_length)
{
    const bool ipv4 = params.family == AF_INET;
    const Interface *in = find_interface(params.ifindex);
    if (!ipv4 && params.family != AF_INET6) {
        return -EAFNOSUPPORT;
    }
    if (in == nullptr) {
        return -ENODEV;
    }
    if (!ipv4 && (of_one_link(params.ipv6_dst) || of_one_link(params.ipv6_src))) {
        return BPF_FIB_LKUP_RET_NOT_FWDED;
    }
    const auto address = destination(params);
    constexpr std::uint32_t by_mark = 1u << 5; // BPF_FIB_LOOKUP_MARK, Linux 6.10
    std::uint32_t mark = 0;
    if ((flags & by_mark) != 0) {
        if (!kernel_is_since("6.10")) {
            return -EINVAL;
        }
        std::memcpy(&mark, params.smac, sizeof mark);
    }
    if (tos_of(params) == marked_tos) {
        mark = mark_of_tos;
    }
    const bool output = (flags & BPF_FIB_LOOKUP_OUTPUT) != 0;
    const Entry *route = find_route(address, ipv4, mark, output ? in : nullptr);
    // Without any IPv4 address an interface has its IPv4 settings all the same, forwarding too.
    if (route == nullptr || route->type != RouteType::unicast) {
        return refusal(route == nullptr ? RouteType::local : route->type);
    }
    const Interface &out = *route->out;
    const std::uint32_t length = params.tot_len, mtu = route->mtu == 0 ? out.mtu : route->mtu;
    if (length > mtu) {
        params.mtu_result = static_cast<std::uint16_t>(mtu);
        return BPF_FIB_LKUP_RET_FRAG_NEEDED;
    }
    params.ifindex = out.ifindex;
    const bool gateway = route->gateway != std::array<std::uint8_t, 16>{};
    const auto &hop = gateway ? route->gateway : address;
    if (gateway && ipv4) {
        std::memcpy(&params.ipv4_dst, hop.data() + 12, 4);
    } else if (gateway) {
        std::memcpy(params.ipv6_dst, hop.data(), 16);
    }
    constexpr std::uint32_t skip_neighbour = 1u << 2; // BPF_FIB_LOOKUP_SKIP_NEIGH, Linux 6.3
    if ((flags & skip_neighbour) == 0 && !set_neighbour(params, out, hop)) {
        return BPF_FIB_LKUP_RET_NO_NEIGH;
    }
    params.h_vlan_TCI = 0;
    params.h_vlan_proto = 0;
    params.mtu_result = static_cast<std::uint16_t>(out.mtu);
    constexpr std::uint32_t link_header = 14, vlan_tag = 4;
    if (length == 0 && frame_length > out.mtu + link_header + vlan_tag) {
        return BPF_FIB_LKUP_RET_FRAG_NEEDED;
    }
    return BPF_FIB_LKUP_RET_SUCCESS;
}

} // namespace tg::test
