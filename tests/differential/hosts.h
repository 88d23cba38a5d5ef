// SPDX-License-Identifier: Apache-2.0
// Who talks to whom on tests/harness/topology.h: its hosts as endpoints of flows.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace tg::test {

struct Host {
    std::string_view port; // the interface of the router on its side
    std::string_view ipv4;
    std::string_view ipv6;
    bool router = false; // the address is the router's own
};

inline constexpr std::array<Host, 10> hosts = {{
    {"lan", "192.168.88.2", "2001:db8:88::2"},
    {"lan", "192.168.88.3", "2001:db8:88::3"},
    {"lan", "192.168.88.77", "2001:db8:88::77"}, // a neighbour nobody has resolved
    {"wan", "203.0.113.2", "2001:db8:113::2"},
    {"wan", "203.0.113.254", "2001:db8:113::fe"},
    {"wan", "198.51.100.7", "2001:db8:beef::7"}, // behind the gateway
    {"dmz", "10.20.0.2", "2001:db8:20::2"},
    {"lan", "192.168.88.1", "2001:db8:88::1", true},
    {"wan", "203.0.113.1", "2001:db8:113::1", true},
    {"dmz", "10.20.0.1", "2001:db8:20::1", true},
}};

// Destinations that no route leads to.
inline constexpr std::array<Host, 4> nowhere = {{
    {"wan", "10.66.0.1", "2001:db8:66::1"},
    {"wan", "10.67.0.1", "2001:db8:67::1"},
    {"wan", "10.68.0.1", "2001:db8:68::1"},
    {"wan", "10.69.0.1", "2001:db8:69::1"},
}};

inline std::string_view address(const Host &host, bool ipv6)
{
    return ipv6 ? host.ipv6 : host.ipv4;
}

// "ipv4 src=192.0.2.1 dst=192.0.2.2"
inline std::string ip_header(const Host &from, const Host &to, bool ipv6)
{
    return fmt::format("{} src={} dst={}", ipv6 ? "ipv6" : "ipv4", address(from, ipv6),
                       address(to, ipv6));
}

// "in lan" or "out wan": where the router meets a packet between these two.
struct Place {
    std::string_view word;
    std::string port;
};

inline Place place_of(const Host &from, const Host &to)
{
    return from.router ? Place{"out", std::string(to.port)} : Place{"in", std::string(from.port)};
}

} // namespace tg::test
