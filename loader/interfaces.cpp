// SPDX-License-Identifier: Apache-2.0
#include "loader/interfaces.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "control/base/fd.h"
#include "loader/system.h"

namespace tg::loader {
namespace {

struct TypeRow {
    unsigned type;
    std::uint16_t link_header;
};

constexpr TypeRow types[] = {
    {ARPHRD_ETHER, 14}, {ARPHRD_NONE, 0},    {ARPHRD_RAWIP, 0}, {ARPHRD_PPP, 0},
    {ARPHRD_TUNNEL, 0}, {ARPHRD_TUNNEL6, 0}, {ARPHRD_SIT, 0},
};

// At most this many names are shown to someone who mistyped one.
constexpr unsigned shown_names = 12;

std::string present_interfaces()
{
    struct if_nameindex *all = ::if_nameindex();
    if (all == nullptr) {
        return "none";
    }
    std::string names;
    unsigned count = 0;
    for (const struct if_nameindex *each = all; each->if_index != 0; ++each, ++count) {
        if (count == shown_names) {
            names += ", …";
            break;
        }
        names += fmt::format("{}{}", count == 0 ? "" : ", ", each->if_name);
    }
    ::if_freenameindex(all);
    return names;
}

struct ifreq request_for(const std::string &name)
{
    struct ifreq request = {};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    return request;
}

// What virtual drivers say of their bus, beside nothing.
constexpr std::array<std::string_view, 3> no_bus = {"tun", "tap", "N/A"};

void ask_driver(int socket, Interface &interface)
{
    struct ethtool_drvinfo info = {};
    info.cmd = ETHTOOL_GDRVINFO;
    struct ifreq request = request_for(interface.name);
    request.ifr_data = reinterpret_cast<char *>(&info);
    if (::ioctl(socket, SIOCETHTOOL, &request) != 0) {
        return;
    }
    interface.driver = info.driver;
    const std::string_view bus = info.bus_info;
    interface.wire = !bus.empty() && std::ranges::find(no_bus, bus) == no_bus.end();
    interface.strips = tag_stripping(interface.name);
}

} // namespace

std::optional<std::uint16_t> link_header_length(unsigned type)
{
    for (const TypeRow &row : types) {
        if (row.type == type) {
            return row.link_header;
        }
    }
    return std::nullopt;
}

Result<Interface> find_interface(const std::string &name)
{
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket) {
        return failed("open a socket", errno);
    }
    struct ifreq request = request_for(name);
    if (name.empty() || name.size() >= IFNAMSIZ ||
        ::ioctl(socket.get(), SIOCGIFINDEX, &request) != 0) {
        return fail(fmt::format("no interface \"{}\" in this network namespace, there are: {}",
                                name, present_interfaces()));
    }
    Interface found = {.ifindex = static_cast<std::uint32_t>(request.ifr_ifindex), .name = name};
    request = request_for(name);
    if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0) {
        return failed(fmt::format("read the type of interface {}", name), errno);
    }
    const unsigned type = request.ifr_hwaddr.sa_family;
    if (type == ARPHRD_LOOPBACK) {
        return fail(
            fmt::format("{} is the loopback interface: it carries only what the router says "
                        "to itself and is never filtered",
                        name));
    }
    const std::optional<std::uint16_t> link_header = link_header_length(type);
    if (!link_header) {
        return fail(fmt::format("interface {} has link type {}, which cannot be filtered: expected "
                                "Ethernet or a layer 3 interface",
                                name, type));
    }
    found.link_header = *link_header;
    ask_driver(socket.get(), found);
    return found;
}

std::string interface_name(std::uint32_t ifindex)
{
    char name[IF_NAMESIZE] = {};
    return ::if_indextoname(ifindex, name) != nullptr ? name : "";
}

} // namespace tg::loader
