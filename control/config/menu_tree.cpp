// SPDX-License-Identifier: Apache-2.0
// The names of menus and verbs as the parser asks for them, and the menus of RouterOS we lack.
#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "control/config/menu.h"

namespace tg {
namespace {

// Menus without items: ancestors of others. They can be exported as a whole.
constexpr std::array<std::string_view, 1> branch_verbs{"export"};

// Menus of RouterOS that the host's own tools stand for, by the first words of their path.
struct HostMenu {
    std::string_view path;
    std::string_view tool;
};

constexpr std::array host_menus{
    HostMenu{"/certificate", "the host's own tools"},
    HostMenu{"/console", "the host's own tools"},
    HostMenu{"/disk", "the host's own tools"},
    HostMenu{"/file", "the host's own tools"},
    HostMenu{"/interface", "ip link"},
    HostMenu{"/ip", "the host's own tools"},
    HostMenu{"/ip address", "ip address"},
    HostMenu{"/ip arp", "ip neighbour"},
    HostMenu{"/ip dns", "the host's resolver"},
    HostMenu{"/ip dhcp-client", "the host's DHCP client"},
    HostMenu{"/ip dhcp-server", "the host's DHCP server"},
    HostMenu{"/ip ipsec", "the host's IPsec daemon"},
    HostMenu{"/ip neighbor", "the host's own tools"},
    HostMenu{"/ip route", "ip route"},
    HostMenu{"/ip service", "the host's own tools"},
    HostMenu{"/ipv6", "the host's own tools"},
    HostMenu{"/ipv6 address", "ip -6 address"},
    HostMenu{"/ipv6 neighbor", "ip -6 neighbour"},
    HostMenu{"/ipv6 route", "ip -6 route"},
    HostMenu{"/log", "journalctl"},
    HostMenu{"/port", "the host's own tools"},
    HostMenu{"/ppp", "the host's own tools"},
    HostMenu{"/queue", "tc"},
    HostMenu{"/radius", "the host's own tools"},
    HostMenu{"/routing", "ip rule and the host's routing daemon"},
    HostMenu{"/snmp", "the host's own tools"},
    HostMenu{"/system", "the host's own tools"},
    HostMenu{"/tool", "the host's own tools"},
    HostMenu{"/user", "the host's own tools"},
};

// Children of /ip and the like that RouterOS has: others are typing errors.
constexpr std::array<std::string_view, 54> host_children{
    "/interface bonding",
    "/interface bridge",
    "/interface detect-internet",
    "/interface eoip",
    "/interface ethernet",
    "/interface gre",
    "/interface ipip",
    "/interface l2tp-client",
    "/interface l2tp-server",
    "/interface lte",
    "/interface macvlan",
    "/interface ovpn-client",
    "/interface ovpn-server",
    "/interface ppp-client",
    "/interface pppoe-client",
    "/interface pppoe-server",
    "/interface pptp-client",
    "/interface pptp-server",
    "/interface sstp-client",
    "/interface sstp-server",
    "/interface veth",
    "/interface vlan",
    "/interface vrrp",
    "/interface vxlan",
    "/interface wifi",
    "/interface wireguard",
    "/interface wireless",
    "/ip address",
    "/ip arp",
    "/ip cloud",
    "/ip dhcp-client",
    "/ip dhcp-relay",
    "/ip dhcp-server",
    "/ip dns",
    "/ip hotspot",
    "/ip ipsec",
    "/ip neighbor",
    "/ip pool",
    "/ip proxy",
    "/ip route",
    "/ip service",
    "/ip smb",
    "/ip socks",
    "/ip ssh",
    "/ip traffic-flow",
    "/ip upnp",
    "/ip vrf",
    "/ipv6 address",
    "/ipv6 dhcp-client",
    "/ipv6 dhcp-server",
    "/ipv6 nd",
    "/ipv6 neighbor",
    "/ipv6 pool",
    "/ipv6 route",
};

// Ours, but later.
constexpr std::array<std::string_view, 5> missing_menus{
    "/ip firewall address-list",   "/ip firewall calea", "/ip firewall layer7-protocol",
    "/ipv6 firewall address-list", "/system logging",
};

// Whether `path` is `menu` or below it.
bool is_within(std::string_view path, std::string_view menu)
{
    return path.starts_with(menu) && (path.size() == menu.size() || path[menu.size()] == ' ');
}

// The one name that `word` is or abbreviates; empty if there is none or more than one.
std::string complete(const std::vector<std::string_view> &names, std::string_view word)
{
    std::string_view found;
    for (const std::string_view name : names) {
        if (name == word) {
            return std::string(name);
        }
        if (name.starts_with(word)) {
            if (!found.empty() && found != name) {
                return {};
            }
            found = name;
        }
    }
    return std::string(word.empty() ? std::string_view{} : found);
}

class Tree final : public MenuTree {
public:
    [[nodiscard]] std::string child(std::string_view menu, std::string_view word) const override;
    [[nodiscard]] std::string verb(std::string_view menu, std::string_view word) const override;
    [[nodiscard]] std::string host_menu(std::string_view path) const override;
};

std::string Tree::child(std::string_view menu, std::string_view word) const
{
    const std::string above = menu.empty() ? "/" : fmt::format("{} ", menu);
    std::vector<std::string_view> names;
    for (const Menu &record : all_menus()) {
        if (record.path.starts_with(above)) {
            const std::string_view rest = record.path.substr(above.size());
            names.push_back(rest.substr(0, rest.find(' ')));
        }
    }
    std::string exact = complete(names, word);
    // An abbreviation must not shadow the full name of a menu we do not have.
    if (exact != word && !host_menu(above + std::string(word)).empty()) {
        return {};
    }
    return exact;
}

std::string Tree::verb(std::string_view menu, std::string_view word) const
{
    const Menu *record = find_menu(menu);
    const std::span<const std::string_view> verbs =
        record == nullptr ? std::span<const std::string_view>(branch_verbs) : record->verbs;
    return complete({verbs.begin(), verbs.end()}, word);
}

std::string Tree::host_menu(std::string_view path) const
{
    for (const std::string_view menu : missing_menus) {
        if (is_within(path, menu)) {
            return fmt::format("{} is not built yet", menu);
        }
    }
    const auto within = [path](std::string_view menu) { return is_within(path, menu); };
    const bool is_child = std::ranges::any_of(host_children, within);
    const HostMenu *best = nullptr;
    for (const HostMenu &menu : host_menus) {
        const bool has_ours = menu.path == "/ip" || menu.path == "/ipv6" ||
                              menu.path == "/interface"; // only named children are the host's
        if (within(menu.path) && (!has_ours || is_child)) {
            best = &menu;
        }
    }
    return best == nullptr ? std::string()
                           : fmt::format("{} belongs to the host, not to the firewall: use {}",
                                         path, best->tool);
}

} // namespace

const MenuTree &menu_tree()
{
    static const Tree tree;
    return tree;
}

} // namespace tg
