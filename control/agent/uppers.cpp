// SPDX-License-Identifier: Apache-2.0
#include "control/agent/uppers.h"

#include <algorithm>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netlink/route/link.h>
#include <netlink/route/link/vlan.h>

#include "control/base/link_kind.h"

namespace tg {

LinkFacts link_facts(rtnl_link &link)
{
    const char *kind = rtnl_link_get_type(&link);
    LinkFacts facts = {.ifindex = static_cast<std::uint32_t>(rtnl_link_get_ifindex(&link)),
                       .kind = kind == nullptr ? "" : kind,
                       .up = (rtnl_link_get_flags(&link) & IFF_UP) != 0,
                       .master = static_cast<std::uint32_t>(rtnl_link_get_master(&link))};
    std::int32_t elsewhere = 0;
    if (facts.kind != "vlan" || rtnl_link_get_link_netnsid(&link, &elsewhere) == 0) {
        return facts;
    }
    facts.lower = static_cast<std::uint32_t>(rtnl_link_get_link(&link));
    facts.vlan = static_cast<std::uint16_t>(rtnl_link_vlan_get_id(&link) & TG_VLAN_ID);
    if (rtnl_link_vlan_get_protocol(&link) == htons(ETH_P_8021AD)) {
        facts.vlan |= TG_VLAN_SERVICE;
    }
    return facts;
}

std::map<std::uint64_t, std::uint32_t> note_uppers(const std::vector<LinkFacts> &links,
                                                   std::map<std::uint32_t, tg_device> &devices)
{
    std::map<std::uint64_t, std::uint32_t> vlans;
    for (const LinkFacts &link : links) {
        const auto device = devices.find(link.ifindex);
        if (device == devices.end()) {
            continue;
        }
        const auto master = std::ranges::find(links, link.master, &LinkFacts::ifindex);
        if (link.master != 0 && master != links.end() && carries_ports(master->kind)) {
            device->second.master = link.master;
        }
        if (link.lower == 0 || !devices.contains(link.lower)) {
            continue;
        }
        device->second.lower = link.lower;
        device->second.vlan = link.vlan;
        // The kernel drops what comes for one that is down.
        if (link.up) {
            vlans.emplace(tg_vlan_key(link.lower, link.vlan), link.ifindex);
        }
    }
    return vlans;
}

} // namespace tg
