// SPDX-License-Identifier: Apache-2.0
// The one router all datapath tests run on: interfaces, addresses, routes and neighbours as data,
// from which both the fake FIB and the network namespace are made.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "control/config/environment.h"
#include "tests/harness/layers.h"

namespace tg::test {

//             192.168.88.0/24                        203.0.113.0/24
//   laptop .2 ───────────── lan [router] wan ─────────────────────── gateway .254 ── (default)
//                            10.20.0.0/24 │    │
//   server .2 ──────────────────────── dmz    bare (no IPv4 address)
//
// IPv6: 2001:db8:88::/64, 2001:db8:113::/64, 2001:db8:20::/64; host parts alike.
//
// On top of others, as the device map says (the namespace has them side by side): guest is VLAN 30
// on lan and not attached, voice VLAN 40 on wan and attached; port belongs to bridge, which is
// attached, solo to idle, which is not. Bridge four lies on three, that on two, that on one, and
// only four is attached: near is a port of two, far of one.
struct Interface {
    std::string_view name;
    std::uint32_t ifindex;
    std::uint32_t mtu;
    std::string_view mac;
    std::string_view ipv4; // address/length; empty: none
    std::string_view ipv6;
    bool attached = true;
    std::string_view lower = {}; // of a VLAN interface
    std::uint16_t vlan = 0;
    std::string_view master = {};
};

inline constexpr std::array<Interface, 16> interfaces = {{
    {"lan", 10, 1500, "02:00:00:00:00:0a", "192.168.88.1/24", "2001:db8:88::1/64"},
    {"wan", 11, 1500, "02:00:00:00:00:0b", "203.0.113.1/24", "2001:db8:113::1/64"},
    {"dmz", 12, 1280, "02:00:00:00:00:0c", "10.20.0.1/24", "2001:db8:20::1/64"},
    {"bare", 13, 1500, "02:00:00:00:00:0d", "", "2001:db8:13::1/64"},
    {"guest", 14, 1400, "02:00:00:00:00:0e", "10.30.0.1/24", "2001:db8:30::1/64", false, "lan", 30},
    {"voice", 15, 1500, "02:00:00:00:00:0b", "10.40.0.1/24", "2001:db8:40::1/64", true, "wan", 40},
    {"bridge", 16, 1500, "02:00:00:00:00:10", "10.50.0.1/24", "2001:db8:50::1/64"},
    {"port", 17, 1500, "02:00:00:00:00:11", "", "", true, "", 0, "bridge"},
    {"idle", 18, 1500, "02:00:00:00:00:12", "10.60.0.1/24", "2001:db8:60::1/64", false},
    {"solo", 19, 1500, "02:00:00:00:00:13", "", "", true, "", 0, "idle"},
    {"one", 20, 1500, "02:00:00:00:00:14", "", "", false, "", 0, "two"},
    {"two", 21, 1500, "02:00:00:00:00:15", "", "", false, "", 0, "three"},
    {"three", 22, 1500, "02:00:00:00:00:16", "", "", false, "", 0, "four"},
    {"four", 23, 1500, "02:00:00:00:00:17", "10.70.0.1/24", ""},
    {"near", 24, 1500, "02:00:00:00:00:18", "", "", true, "", 0, "two"},
    {"far", 25, 1500, "02:00:00:00:00:19", "", "", true, "", 0, "one"},
}};

// Hosts whose MAC address is known for good. Any other host is unknown to the router.
struct Neighbour {
    std::string_view interface;
    std::string_view address;
    std::string_view mac;
};

inline constexpr std::array<Neighbour, 14> neighbours = {{
    {"lan", "192.168.88.2", "02:00:00:00:88:02"},
    {"lan", "192.168.88.3", "02:00:00:00:88:03"},
    {"lan", "2001:db8:88::2", "02:00:00:00:88:02"},
    {"lan", "2001:db8:88::3", "02:00:00:00:88:03"},
    {"wan", "203.0.113.2", "02:00:00:00:71:02"},
    {"wan", "203.0.113.254", "02:00:00:00:71:fe"},
    {"wan", "2001:db8:113::2", "02:00:00:00:71:02"},
    {"wan", "2001:db8:113::fe", "02:00:00:00:71:fe"},
    {"dmz", "10.20.0.2", "02:00:00:00:20:02"},
    {"dmz", "2001:db8:20::2", "02:00:00:00:20:02"},
    {"guest", "10.30.0.2", "02:00:00:00:30:02"},
    {"guest", "2001:db8:30::2", "02:00:00:00:30:02"},
    {"voice", "10.40.0.2", "02:00:00:00:40:02"},
    {"voice", "2001:db8:40::2", "02:00:00:00:40:02"},
}};

enum class RouteType : std::uint8_t {
    unicast,
    local,
    broadcast,
    multicast,
    blackhole,
    unreachable,
    prohibit,
    throw_ // as if there were no route, also no default route
};

struct Route {
    std::string_view prefix;
    RouteType type;
    std::string_view gateway; // empty: none
    std::string_view interface;
    std::uint32_t mark = 0; // for packets with it, from a table that is asked first
    std::uint32_t mtu = 0;  // locked; 0: the interface's
};

// Packets with this TOS or traffic class go by the table of this mark too. (Linux 6.1 looks at
// these bits only.)
inline constexpr std::uint8_t marked_tos = 0x10;
inline constexpr std::uint32_t mark_of_tos = 7;

// Beside those that follow from the addresses.
inline constexpr std::array<Route, 14> routes = {{
    {"0.0.0.0/0", RouteType::unicast, "203.0.113.254", "wan"},
    {"::/0", RouteType::unicast, "2001:db8:113::fe", "wan"},
    {"10.66.0.0/24", RouteType::blackhole, "", ""},
    {"10.67.0.0/24", RouteType::unreachable, "", ""},
    {"10.68.0.0/24", RouteType::prohibit, "", ""},
    {"10.69.0.0/24", RouteType::throw_, "", ""},
    {"2001:db8:66::/64", RouteType::blackhole, "", ""},
    {"2001:db8:67::/64", RouteType::unreachable, "", ""},
    {"2001:db8:68::/64", RouteType::prohibit, "", ""},
    {"2001:db8:69::/64", RouteType::throw_, "", ""},
    {"0.0.0.0/0", RouteType::unicast, "10.20.0.2", "dmz", 7},
    {"::/0", RouteType::unicast, "2001:db8:20::2", "dmz", 7},
    {"198.18.51.0/24", RouteType::unicast, "203.0.113.254", "wan", 0, 1300},
    {"2001:db8:51::/64", RouteType::unicast, "2001:db8:113::fe", "wan", 0, 1300},
}};

// nullptr if there is none of that name or number.
const Interface *find_interface(std::string_view name);
const Interface *find_interface(std::uint32_t ifindex);

// What the control plane sees of it.
Environment environment();

// Where the host part of a prefix begins: "10.0.0.0/8" → bytes in the ABI's form, length of 128.
struct Prefix {
    std::array<std::uint8_t, 16> address;
    unsigned length; // in bits of the 128
    bool ipv4;
};
Prefix parse_prefix(std::string_view text); // throws: the tables above are ours

// Moves this thread into a new network namespace that looks like the tables; throws
// std::runtime_error. The namespace ends with the process.
void enter_namespace();

} // namespace tg::test
