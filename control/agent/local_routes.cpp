// SPDX-License-Identifier: Apache-2.0
#include "control/agent/local_routes.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <sys/socket.h>

#include <fmt/format.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "tidegate/control.h"

namespace tg {
namespace {

struct FreeSocket {
    void operator()(nl_sock *socket) const
    {
        nl_socket_free(socket);
    }
};
using Socket = std::unique_ptr<nl_sock, FreeSocket>;

constexpr int tries = 5; // a dump is disturbed by a change made meanwhile

// The destination; nullopt for the default route and what cannot be read.
std::optional<Address> destination(const nlmsghdr &message, bool ipv4)
{
    const nlattr *found = nlmsg_find_attr(const_cast<nlmsghdr *>(&message), sizeof(rtmsg), RTA_DST);
    if (found == nullptr || nla_len(found) != (ipv4 ? 4 : 16)) {
        return std::nullopt;
    }
    Address address;
    if (ipv4) {
        address.raw.words[2] = htonl(0xffff);
        std::memcpy(&address.raw.words[3], nla_data(found), 4);
    } else {
        std::memcpy(&address.raw, nla_data(found), sizeof address.raw);
    }
    return address;
}

void add_route(const nlmsghdr &message, LocalRoutes &routes)
{
    constexpr std::uint8_t loopback = 127;
    const auto *route = static_cast<const rtmsg *>(nlmsg_data(&message));
    const bool ipv4 = route->rtm_family == AF_INET;
    const bool own = route->rtm_type == RTN_LOCAL || route->rtm_type == RTN_ANYCAST;
    if (message.nlmsg_type != RTM_NEWROUTE || route->rtm_table != RT_TABLE_LOCAL ||
        (!own && route->rtm_type != RTN_BROADCAST)) {
        return;
    }
    const std::optional<Address> address = destination(message, ipv4);
    if (address && route->rtm_dst_len == (ipv4 ? 32 : 128)) {
        routes.addresses[*address] |= own ? TG_ADDRESS_OWN : TG_ADDRESS_BROADCAST;
    } else if (!address || !ipv4 || address->raw.bytes[12] != loopback) {
        routes.networks = true;
    }
}

int take_message(nl_msg *message, void *routes)
{
    add_route(*nlmsg_hdr(message), *static_cast<LocalRoutes *>(routes));
    return NL_OK;
}

// One family's table, and nothing of the others: the kernel filters for who asks strictly.
int read_family(nl_sock *socket, int family)
{
    rtmsg request = {};
    request.rtm_family = static_cast<unsigned char>(family);
    request.rtm_table = RT_TABLE_LOCAL;
    const int sent = nl_send_simple(socket, RTM_GETROUTE, NLM_F_DUMP, &request, sizeof request);
    return sent < 0 ? sent : nl_recvmsgs_default(socket);
}

} // namespace

Result<LocalRoutes> read_local_routes()
{
    const auto failed = [](const char *error) {
        return fail(fmt::format("netlink: cannot list local routes: {}", error));
    };
    const Socket socket(nl_socket_alloc());
    if (!socket) {
        return failed("out of memory");
    }
    if (const int error = nl_connect(socket.get(), NETLINK_ROUTE); error < 0) {
        return failed(nl_geterror(error));
    }
    const int one = 1;
    if (::setsockopt(nl_socket_get_fd(socket.get()), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one,
                     sizeof one) != 0) {
        return failed(std::strerror(errno));
    }
    int error = 0;
    for (int i = 0; i < tries; i++) {
        LocalRoutes routes;
        nl_socket_modify_cb(socket.get(), NL_CB_VALID, NL_CB_CUSTOM, take_message, &routes);
        error = read_family(socket.get(), AF_INET);
        error = error < 0 ? error : read_family(socket.get(), AF_INET6);
        if (error >= 0) {
            return routes;
        }
        if (error != -NLE_DUMP_INTR && error != -NLE_AGAIN) {
            break;
        }
    }
    return failed(nl_geterror(error));
}

} // namespace tg
