// SPDX-License-Identifier: Apache-2.0
#include "loader/master.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/socket.h>

#include "control/base/link_kind.h"
#include "tidegate/limits.h"

namespace tg::loader {
namespace {

struct FreeSocket {
    void operator()(nl_sock *socket) const
    {
        nl_socket_free(socket);
    }
};

struct PutLink {
    void operator()(rtnl_link *link) const
    {
        rtnl_link_put(link);
    }
};
using KernelLink = std::unique_ptr<rtnl_link, PutLink>;

KernelLink read_link(nl_sock *socket, int ifindex)
{
    rtnl_link *link = nullptr;
    return KernelLink(rtnl_link_get_kernel(socket, ifindex, nullptr, &link) == 0 ? link : nullptr);
}

} // namespace

std::vector<Master> masters_of(std::uint32_t ifindex)
{
    std::vector<Master> masters;
    const std::unique_ptr<nl_sock, FreeSocket> socket(nl_socket_alloc());
    if (!socket || nl_connect(socket.get(), NETLINK_ROUTE) < 0) {
        return masters;
    }
    KernelLink port = read_link(socket.get(), static_cast<int>(ifindex));
    while (port && masters.size() < TG_LIMIT_MASTERS) {
        const int number = rtnl_link_get_master(port.get());
        KernelLink master = number != 0 ? read_link(socket.get(), number) : nullptr;
        const char *kind = master ? rtnl_link_get_type(master.get()) : nullptr;
        if (kind == nullptr || !carries_ports(kind)) {
            break;
        }
        masters.push_back({.ifindex = static_cast<std::uint32_t>(number),
                           .name = rtnl_link_get_name(master.get())});
        port = std::move(master);
    }
    return masters;
}

std::string port_advice(const std::vector<Master> &masters, const Record &record)
{
    const bool judged_above = std::ranges::any_of(
        masters, [&](const Master &master) { return record.find(master.ifindex) != nullptr; });
    if (masters.empty() || judged_above) {
        return {};
    }
    const std::string &name = masters.back().name;
    return fmt::format("is a port of {}: attach {}, or packets are judged as those of the port",
                       name, name);
}

} // namespace tg::loader
