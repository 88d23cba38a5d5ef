// SPDX-License-Identifier: Apache-2.0
// From links, as netlink tells them, to what lies on what.
#include "control/agent/uppers.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <memory>
#include <net/if.h>
#include <netlink/route/link.h>
#include <netlink/route/link/vlan.h>

#include "tidegate/limits.h"

namespace tg {
namespace {

struct PutLink {
    void operator()(rtnl_link *link) const
    {
        rtnl_link_put(link);
    }
};
using Link = std::unique_ptr<rtnl_link, PutLink>;

constexpr std::uint32_t lan = 2, wan = 3, br0 = 4, vrf0 = 5, vlan10 = 10;

Link make_link(std::uint32_t ifindex, const char *kind, bool up = true)
{
    Link link(rtnl_link_alloc());
    rtnl_link_set_ifindex(link.get(), static_cast<int>(ifindex));
    if (kind != nullptr) {
        rtnl_link_set_type(link.get(), kind);
    }
    if (up) {
        rtnl_link_set_flags(link.get(), IFF_UP);
    }
    return link;
}

Link make_vlan(std::uint32_t ifindex, std::uint32_t lower, std::uint16_t id, bool up = true)
{
    Link link = make_link(ifindex, "vlan", up);
    rtnl_link_set_link(link.get(), static_cast<int>(lower));
    rtnl_link_vlan_set_id(link.get(), id);
    return link;
}

std::map<std::uint32_t, tg_device> devices_of(const std::vector<LinkFacts> &links)
{
    std::map<std::uint32_t, tg_device> devices;
    for (const LinkFacts &link : links) {
        devices.emplace(link.ifindex, tg_device{});
    }
    return devices;
}

TEST(Uppers, AVlanIsFoundByTheInterfaceBelowAndItsId)
{
    const std::vector<LinkFacts> links = {link_facts(*make_link(lan, nullptr)),
                                          link_facts(*make_vlan(vlan10, lan, 10))};
    auto devices = devices_of(links);
    const auto vlans = note_uppers(links, devices);
    EXPECT_EQ(vlans, (std::map<std::uint64_t, std::uint32_t>{{tg_vlan_key(lan, 10), vlan10}}));
    EXPECT_EQ(devices[vlan10].lower, lan);
    EXPECT_EQ(devices[vlan10].vlan, 10);
    EXPECT_EQ(devices[vlan10].master, 0u);
    EXPECT_EQ(devices[lan].lower, 0u);
}

TEST(Uppers, TheTwoKindsOfTagsDoNotMix)
{
    const Link service = make_vlan(vlan10, lan, 10);
    rtnl_link_vlan_set_protocol(service.get(), htons(ETH_P_8021AD));
    EXPECT_EQ(link_facts(*service).vlan, 10 | TG_VLAN_SERVICE);
    rtnl_link_vlan_set_protocol(service.get(), htons(ETH_P_8021Q));
    EXPECT_EQ(link_facts(*service).vlan, 10);
    EXPECT_NE(tg_vlan_key(lan, 10), tg_vlan_key(lan, 10 | TG_VLAN_SERVICE));
}

TEST(Uppers, TheKeysOfAllInterfacesDiffer)
{
    EXPECT_NE(tg_vlan_key(lan, 0), tg_vlan_key(wan, 0));
    EXPECT_NE(tg_vlan_key(1, 0), tg_vlan_key(0, TG_VLAN_ID | TG_VLAN_SERVICE));
    EXPECT_EQ(tg_vlan_key(~0u, TG_VLAN_ID) >> 16, ~0u);
}

TEST(Uppers, AVlanThatIsDownTakesNoFrames)
{
    const std::vector<LinkFacts> links = {link_facts(*make_link(lan, nullptr)),
                                          link_facts(*make_vlan(vlan10, lan, 10, false))};
    auto devices = devices_of(links);
    EXPECT_TRUE(note_uppers(links, devices).empty());
    EXPECT_EQ(devices[vlan10].lower, lan) << "what it sends is of it all the same";
}

TEST(Uppers, ALowerInterfaceInAnotherNamespaceIsNone)
{
    const Link moved = make_vlan(vlan10, lan, 10);
    rtnl_link_set_link_netnsid(moved.get(), 0);
    const std::vector<LinkFacts> links = {link_facts(*make_link(lan, nullptr)), link_facts(*moved)};
    auto devices = devices_of(links);
    EXPECT_TRUE(note_uppers(links, devices).empty());
    EXPECT_EQ(devices[vlan10].lower, 0u);
}

TEST(Uppers, OnlyAVlanCountsAsLyingOnAnother)
{
    const Link macvlan = make_link(vlan10, "macvlan");
    rtnl_link_set_link(macvlan.get(), static_cast<int>(lan));
    EXPECT_EQ(link_facts(*macvlan).lower, 0u);
}

TEST(Uppers, PortsKnowTheirMaster)
{
    for (const char *kind : {"bridge", "bond", "team"}) {
        const Link port = make_link(lan, nullptr);
        rtnl_link_set_master(port.get(), static_cast<int>(br0));
        const std::vector<LinkFacts> links = {link_facts(*port), link_facts(*make_link(br0, kind))};
        auto devices = devices_of(links);
        EXPECT_TRUE(note_uppers(links, devices).empty());
        EXPECT_EQ(devices[lan].master, br0) << kind;
        EXPECT_EQ(devices[br0].master, 0u) << kind;
    }
}

TEST(Uppers, AVrfIsNoMasterThatCarriesPackets)
{
    const Link port = make_link(lan, nullptr);
    rtnl_link_set_master(port.get(), static_cast<int>(vrf0));
    const std::vector<LinkFacts> links = {link_facts(*port), link_facts(*make_link(vrf0, "vrf"))};
    auto devices = devices_of(links);
    note_uppers(links, devices);
    EXPECT_EQ(devices[lan].master, 0u);
}

TEST(Uppers, AsManyVlansAsThereAreInterfacesFitTheMap)
{
    std::vector<LinkFacts> links = {link_facts(*make_link(lan, nullptr))};
    for (std::uint32_t i = 1; i < TG_LIMIT_INTERFACES; i++) {
        links.push_back(link_facts(*make_vlan(lan + i, lan, static_cast<std::uint16_t>(i))));
    }
    auto devices = devices_of(links);
    EXPECT_EQ(note_uppers(links, devices).size(), TG_LIMIT_INTERFACES - 1);
}

} // namespace
} // namespace tg
