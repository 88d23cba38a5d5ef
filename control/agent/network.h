// SPDX-License-Identifier: Apache-2.0
// What the host's network looks like to us, kept by netlink. Every change, and every loss of
// messages, is answered by reading all of it anew, so nothing can go stale.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <set>

#include "control/base/error.h"
#include "control/base/fd.h"
#include "control/base/net.h"
#include "control/config/environment.h"
#include "tidegate/control.h"

struct nl_sock;

namespace tg {

struct NetworkState {
    Environment environment;
    std::map<std::uint32_t, tg_device> devices;   // by ifindex
    std::map<std::uint64_t, std::uint32_t> vlans; // tg_vlan_key() → ifindex
    std::map<Address, std::uint32_t> addresses;   // → TG_ADDRESS_*
    std::set<Address> running_addresses;          // own ones of interfaces that are up and running

    friend bool operator==(const NetworkState &a, const NetworkState &b)
    {
        return a.environment.interfaces == b.environment.interfaces &&
               a.environment.tables == b.environment.tables && a.addresses == b.addresses &&
               a.running_addresses == b.running_addresses && a.vlans == b.vlans &&
               std::ranges::equal(a.devices, b.devices, [](const auto &one, const auto &other) {
                   return one.first == other.first &&
                          std::memcmp(&one.second, &other.second, sizeof(tg_device)) == 0;
               });
    }
};

class Network {
public:
    // In the namespace the thread is in.
    static Result<Network> open();

    // Readable when something may have changed: call drain then.
    [[nodiscard]] int fd() const
    {
        return events_.get();
    }
    // Takes what messages there are. Whether sync has something to do.
    bool drain();
    // The same, and looks at the names of routing tables, of which nobody sends messages.
    bool look();
    // Reads everything if drain has seen a change. Whether the state is another one now.
    Result<bool> sync();

    [[nodiscard]] const NetworkState &state() const
    {
        return state_;
    }
    // Changes of routes seen so far.
    [[nodiscard]] std::uint64_t route_changes() const
    {
        return route_changes_;
    }
    // How often the kernel had to drop messages.
    [[nodiscard]] std::uint64_t losses() const
    {
        return losses_;
    }

private:
    struct CloseSocket {
        void operator()(nl_sock *socket) const;
    };
    using Socket = std::unique_ptr<nl_sock, CloseSocket>;

    Network(Fd events, Socket requests) : events_(std::move(events)), requests_(std::move(requests))
    {
    }
    [[nodiscard]] Result<NetworkState> read_all() const;
    void look_at(const char *messages, std::size_t size);

    Fd events_;
    Socket requests_;
    NetworkState state_;
    bool dirty_ = true;
    std::uint64_t route_changes_ = 0;
    std::uint64_t losses_ = 0;
};

} // namespace tg
