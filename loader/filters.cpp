// SPDX-License-Identifier: Apache-2.0
#include "loader/filters.h"

#include <memory>

#include <linux/pkt_sched.h>
#include <netlink/netlink.h>
#include <netlink/route/classifier.h>

namespace tg::loader {
namespace {

constexpr std::uint32_t hook_parents[] = {
    TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
    TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS),
};

struct SocketCloser {
    void operator()(nl_sock *socket) const
    {
        nl_socket_free(socket);
    }
};

struct CacheCloser {
    void operator()(nl_cache *cache) const
    {
        nl_cache_free(cache);
    }
};

} // namespace

bool has_filters(std::uint32_t ifindex)
{
    const std::unique_ptr<nl_sock, SocketCloser> socket(nl_socket_alloc());
    if (!socket || nl_connect(socket.get(), NETLINK_ROUTE) != 0) {
        return true;
    }
    for (const std::uint32_t parent : hook_parents) {
        nl_cache *found = nullptr;
        if (rtnl_cls_alloc_cache(socket.get(), static_cast<int>(ifindex), parent, &found) != 0) {
            return true;
        }
        const std::unique_ptr<nl_cache, CacheCloser> filters(found);
        if (nl_cache_is_empty(filters.get()) == 0) {
            return true;
        }
    }
    return false;
}

} // namespace tg::loader
