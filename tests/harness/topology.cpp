// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/topology.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <sched.h>
#include <stdexcept>

namespace tg::test {
namespace {

std::string_view type_name(RouteType type)
{
    constexpr std::string_view names[] = {"unicast",   "local",       "broadcast", "multicast",
                                          "blackhole", "unreachable", "prohibit",  "throw"};
    return names[static_cast<std::size_t>(type)];
}

// The commands of ip(8) that make the namespace.
std::string namespace_commands()
{
    std::string text = "link set lo up\n";
    for (const Interface &port : interfaces) {
        // The far end stays in the namespace, down at first so that it says nothing by itself.
        text +=
            fmt::format("link add {0} index {1} address {2} mtu {3} type veth peer name {0}-far "
                        "index {4}\n",
                        port.name, port.ifindex, port.mac, port.mtu, port.ifindex + 100);
        text += fmt::format("link set {0} addrgenmode none arp on\n", port.name);
        text += fmt::format("link set {0}-far addrgenmode none\n", port.name);
        if (!port.ipv4.empty()) {
            text += fmt::format("address add {} dev {}\n", port.ipv4, port.name);
        }
        if (!port.ipv6.empty()) {
            text += fmt::format("address add {} dev {} nodad\n", port.ipv6, port.name);
        }
        text += fmt::format("link set {0} up\nlink set {0}-far up\n", port.name);
    }
    for (const Neighbour &host : neighbours) {
        text += fmt::format("neighbour add {} lladdr {} dev {} nud permanent\n", host.address,
                            host.mac, host.interface);
    }
    for (const Route &route : routes) {
        const std::string via = route.gateway.empty()
                                    ? ""
                                    : fmt::format(" via {} dev {}", route.gateway, route.interface);
        const std::string table = route.mark == 0 ? "" : fmt::format(" table {}", route.mark);
        const std::string mtu = route.mtu == 0 ? "" : fmt::format(" mtu lock {}", route.mtu);
        text += fmt::format("route add {} {}{}{}{}\n", type_name(route.type), route.prefix, via,
                            table, mtu);
    }
    return text;
}

// Those of "ip -4" and "ip -6", which have a list of rules each.
std::string rule_commands(bool ipv4)
{
    std::string text;
    for (const Route &route : routes) {
        if (route.mark != 0 && parse_prefix(route.prefix).ipv4 == ipv4) {
            text += fmt::format("rule add fwmark {0} table {0}\n", route.mark);
        }
    }
    text += fmt::format("rule add tos {:#x} table {}\n", marked_tos, mark_of_tos);
    return text;
}

void run_ip(const char *program, const std::string &commands)
{
    FILE *ip = popen(program, "w");
    if (ip == nullptr) {
        throw std::runtime_error("cannot run ip");
    }
    std::fwrite(commands.data(), 1, commands.size(), ip);
    if (pclose(ip) != 0) {
        throw std::runtime_error("ip failed to set up the namespace");
    }
}

void write_setting(const std::string &path, std::string_view value)
{
    std::ofstream file(path);
    file << value;
    if (!file.flush()) {
        throw std::runtime_error("cannot write " + path);
    }
}

} // namespace

const Interface *find_interface(std::string_view name)
{
    const auto *found = std::ranges::find(interfaces, name, &Interface::name);
    return found == interfaces.end() ? nullptr : found;
}

const Interface *find_interface(std::uint32_t ifindex)
{
    const auto *found = std::ranges::find(interfaces, ifindex, &Interface::ifindex);
    return found == interfaces.end() ? nullptr : found;
}

Environment environment()
{
    Environment result;
    for (const Interface &port : interfaces) {
        result.interfaces.emplace(port.name, port.ifindex);
    }
    return result;
}

Prefix parse_prefix(std::string_view text)
{
    const std::size_t slash = text.find('/');
    const std::string address(text.substr(0, slash));
    Prefix prefix{};
    unsigned length = 128;
    prefix.ipv4 = address.find(':') == std::string::npos;
    if (prefix.ipv4) {
        length = 32;
        prefix.address[10] = prefix.address[11] = 0xff;
    }
    if (slash != std::string_view::npos) {
        std::from_chars(text.data() + slash + 1, text.data() + text.size(), length);
    }
    prefix.length = prefix.ipv4 ? 96 + length : length;
    if (inet_pton(prefix.ipv4 ? AF_INET : AF_INET6, address.c_str(),
                  prefix.address.data() + (prefix.ipv4 ? 12 : 0)) != 1) {
        throw std::runtime_error("bad address " + address);
    }
    return prefix;
}

void enter_namespace()
{
    if (unshare(CLONE_NEWNET) != 0) {
        throw std::runtime_error("cannot make a network namespace; are you root?");
    }
    write_setting("/proc/sys/net/ipv4/ip_forward", "1");
    write_setting("/proc/sys/net/ipv6/conf/all/forwarding", "1");
    run_ip("ip -batch -", namespace_commands());
    run_ip("ip -4 -batch -", rule_commands(true));
    run_ip("ip -6 -batch -", rule_commands(false));
}

} // namespace tg::test
