// SPDX-License-Identifier: Apache-2.0
// Settings of a family: the switches of what passes a default drop.
#include <array>

#include "control/config/menu.h"

namespace tg {
namespace {

constexpr std::array rows4{
    Property{.name = "accept-dhcp-client",
             .parse = parse_flag,
             .help = "accept DHCP answers on an interface with a DHCP client before any rule",
             .fallback = "yes",
             .traits = trait_always},
};

constexpr std::array rows6{
    Property{.name = "accept-neighbour-discovery",
             .parse = parse_flag,
             .help = "accept neighbour discovery with hop limit 255 before any rule",
             .fallback = "yes",
             .traits = trait_always},
};

constexpr std::array<std::string_view, 24> missing_properties{
    "accept-redirects",
    "accept-router-advertisements",
    "accept-router-advertisements-on",
    "accept-source-route",
    "allow-fast-path",
    "arp-timeout",
    "disable-ipv6",
    "disable-link-local-address",
    "forward",
    "icmp-errors-use-inbound-interface-address",
    "icmp-rate-limit",
    "icmp-rate-mask",
    "ip-forward",
    "ipv4-multipath-hash-policy",
    "max-neighbor-entries",
    "min-neighbor-entries",
    "multipath-hash-policy",
    "rp-filter",
    "secure-redirects",
    "send-redirects",
    "soft-max-neighbor-entries",
    "stale-neighbor-timeout",
    "tcp-syncookies",
    "tcp-timestamps",
};

constexpr std::array<std::string_view, 4> verbs{"set", "print", "get", "export"};

} // namespace

Menu make_settings_menu(std::string_view path, Family family)
{
    return {
        .path = path,
        .kind = MenuKind::single,
        .family = family,
        .properties = family == Family::ipv4 ? rows_of(rows4) : rows_of(rows6),
        .verbs = verbs,
        .form = Form::lines,
        .missing_properties = missing_properties,
    };
}

} // namespace tg
