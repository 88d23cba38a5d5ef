// SPDX-License-Identifier: Apache-2.0
// What the loader refuses, in which words.
#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_arp.h>

#include "loader/commands.h"
#include "loader/interfaces.h"
#include "loader/limits.h"
#include "loader/load.h"
#include "loader/master.h"
#include "loader/modes.h"
#include "loader/netns.h"
#include "loader/system.h"

namespace tg::loader {
namespace {

using testing::HasSubstr;

Instance instance(const char *name = "default")
{
    return *Instance::named(name);
}

TEST(Layout, OfThisBuildIsAccepted)
{
    EXPECT_TRUE(check_layout({.magic = TG_LAYOUT_MAGIC, .version = TG_LAYOUT_VERSION}, instance()));
}

TEST(Layout, OfAnotherBuildIsRefusedWithTheRemedy)
{
    const auto refusal = [](tg_layout layout, const char *name) {
        return check_layout(layout, instance(name)).error().message;
    };
    EXPECT_EQ(refusal({.magic = TG_LAYOUT_MAGIC, .version = 99}, "default"),
              fmt::format("layout version 99 found, this build reads {}: run `tidegate down` first",
                          TG_LAYOUT_VERSION));
    EXPECT_EQ(refusal({.magic = TG_LAYOUT_MAGIC, .version = 0}, "edge"),
              fmt::format("layout version 0 found, this build reads {}: run `tidegate down "
                          "--instance edge` first",
                          TG_LAYOUT_VERSION));
    EXPECT_THAT(refusal({.magic = 1, .version = TG_LAYOUT_VERSION}, "default"),
                HasSubstr("no layout record of Tidegate"));
}

TEST(Mode, IsAsAskedOrRefused)
{
    const Interface veth = {.name = "ether1", .driver = "veth", .link_header = 14};
    const Interface tunnel = {.name = "wg0", .link_header = 0};
    EXPECT_EQ(choose_mode("tc", veth)->mode, TG_MODE_TC);
    EXPECT_EQ(choose_mode("native", veth)->mode, TG_MODE_NATIVE);
    EXPECT_FALSE(choose_mode("native", veth)->may_fall_back);
    EXPECT_THAT(choose_mode("native", tunnel).error().message,
                HasSubstr("wg0: XDP needs Ethernet"));
    EXPECT_EQ(choose_mode("tc", tunnel)->why, "asked for");
    EXPECT_EQ(choose_mode("generic", veth)->mode, TG_MODE_GENERIC);
    EXPECT_FALSE(choose_mode("generic", veth)->may_fall_back);
    EXPECT_THAT(choose_mode("generic", tunnel).error().message,
                HasSubstr("wg0: XDP needs Ethernet"));
    EXPECT_THAT(choose_mode("offload", veth).error().message, HasSubstr("is not built yet"));
    EXPECT_EQ(choose_mode("fast", veth).error().message,
              "no mode \"fast\": expected auto, native, generic, tc, offload");
    EXPECT_FALSE(choose_mode("", veth));
}

TEST(Mode, IsNativeByItselfOnlyOnAWire)
{
    const auto chosen = choose_mode("auto", {.driver = "ixgbe", .wire = true, .link_header = 14});
    EXPECT_EQ(chosen->mode, TG_MODE_NATIVE);
    EXPECT_TRUE(chosen->may_fall_back);
    EXPECT_EQ(choose_mode("auto", {.driver = "veth", .link_header = 14})->mode, TG_MODE_TC);
    EXPECT_EQ(choose_mode("auto", {.driver = "veth", .link_header = 14})->why,
              "frames of a veth may carry unfinished checksums");
    const Interface bond = {.name = "bond0", .driver = "bonding", .wire = true, .link_header = 14};
    EXPECT_EQ(choose_mode("auto", bond)->mode, TG_MODE_TC);
    EXPECT_THAT(choose_mode("native", bond).error().message, HasSubstr("instead of the bond"));
    EXPECT_EQ(choose_mode("generic", bond)->mode, TG_MODE_GENERIC) << "nothing to do with drivers";
    EXPECT_EQ(choose_mode("auto", {.driver = "tun", .wire = true})->why,
              "XDP needs Ethernet frames");
}

TEST(Mode, SwitchesTagStrippingOffForXdp)
{
    Interface strips = {.driver = "ixgbe",
                        .wire = true,
                        .strips = {{.name = "rx-vlan-hw-parse", .changeable = true}},
                        .link_header = 14};
    const std::vector<std::string> off = {"rx-vlan-hw-parse"};
    for (const char *asked : {"auto", "native"}) {
        EXPECT_EQ(choose_mode(asked, strips)->mode, TG_MODE_NATIVE);
        EXPECT_EQ(choose_mode(asked, strips)->switch_off, off);
        EXPECT_THAT(choose_mode(asked, strips)->why, HasSubstr("tag stripping is off meanwhile"));
    }
    EXPECT_TRUE(choose_mode("tc", strips)->switch_off.empty());
    strips.strips.push_back({.name = "rx-vlan-stag-hw-parse", .changeable = false});
    EXPECT_EQ(choose_mode("auto", strips)->mode, TG_MODE_TC);
    EXPECT_TRUE(choose_mode("auto", strips)->switch_off.empty());
    EXPECT_THAT(choose_mode("auto", strips)->why, HasSubstr("(rx-vlan-stag-hw-parse)"));
    EXPECT_THAT(choose_mode("native", strips).error().message,
                HasSubstr("cannot be told not to: use --mode tc or auto"));
    EXPECT_EQ(choose_mode("generic", strips)->switch_off, off) << "as far as it goes";
    EXPECT_EQ(choose_mode("tc", strips)->mode, TG_MODE_TC);
}

TEST(Port, IsToldWhatToAttachInstead)
{
    const std::vector<Master> masters = {{.ifindex = 4, .name = "bond0"},
                                         {.ifindex = 5, .name = "br0"}};
    const auto advice = [&](std::uint32_t attached) {
        return port_advice(masters, {.interfaces = {{.ifindex = attached}}});
    };
    EXPECT_EQ(advice(3),
              "is a port of br0: attach br0, or packets are judged as those of the port");
    EXPECT_EQ(advice(4), "");
    EXPECT_EQ(advice(5), "");
    EXPECT_EQ(port_advice({}, {}), "");
    EXPECT_TRUE(masters_of(1).empty()) << "loopback";
}

TEST(LinkHeader, FollowsTheLinkType)
{
    EXPECT_EQ(link_header_length(ARPHRD_ETHER), 14u);
    EXPECT_EQ(link_header_length(ARPHRD_NONE), 0u);
    EXPECT_EQ(link_header_length(ARPHRD_PPP), 0u);
    EXPECT_EQ(link_header_length(ARPHRD_INFINIBAND), std::nullopt);
}

TEST(Interface, UnknownOnesAndLoopbackAreRefused)
{
    EXPECT_THAT(
        find_interface("no-such-device").error().message,
        HasSubstr("no interface \"no-such-device\" in this network namespace, there are: "));
    EXPECT_FALSE(find_interface(""));
    EXPECT_FALSE(find_interface("a-name-longer-than-the-kernel-takes"));
    EXPECT_THAT(find_interface("lo").error().message, HasSubstr("loopback"));
}

TEST(Confirm, HasItsLimits)
{
    const auto refusal = [](unsigned seconds) {
        const AttachRequest request = {
            .instance = instance(), .interfaces = {"no-such-device"}, .confirm_seconds = seconds};
        return attach(request).error().message;
    };
    EXPECT_THAT(refusal(0), HasSubstr("expected 1 to 86400 seconds"));
    EXPECT_THAT(refusal(limit_confirm_seconds + 1), HasSubstr("expected 1 to 86400 seconds"));
    EXPECT_THAT(refusal(1), testing::Not(HasSubstr("--confirm")));
    EXPECT_THAT(refusal(limit_confirm_seconds), testing::Not(HasSubstr("--confirm")));
}

TEST(Pickup, HasItsLimits)
{
    const auto refusal = [](unsigned seconds) {
        const AttachRequest request = {
            .instance = instance(), .interfaces = {"no-such-device"}, .pickup_seconds = seconds};
        return attach(request).error().message;
    };
    EXPECT_THAT(refusal(0), HasSubstr("--pickup 0: expected 1 to 3600 seconds"));
    EXPECT_THAT(refusal(limit_pickup_seconds + 1), HasSubstr("expected 1 to 3600 seconds"));
    EXPECT_THAT(refusal(1), testing::Not(HasSubstr("--pickup")));
    EXPECT_THAT(refusal(limit_pickup_seconds), testing::Not(HasSubstr("--pickup")));
}

TEST(Netns, IsANameOrAPath)
{
    EXPECT_EQ(netns_path("fw"), "/run/netns/fw");
    EXPECT_EQ(netns_path("/proc/1/ns/net"), "/proc/1/ns/net");
    EXPECT_THAT(enter_netns("/run/netns/no-such-namespace").error().message,
                HasSubstr("cannot open network namespace /run/netns/no-such-namespace"));
}

TEST(ReplaceFile, HasTheOldOrTheNewContent)
{
    const std::filesystem::path path = testing::TempDir() + fmt::format("loader{}", ::getpid());
    ASSERT_TRUE(replace_file(path, "first"));
    ASSERT_TRUE(replace_file(path, "second"));
    EXPECT_EQ(read_file(path), "second");
    EXPECT_FALSE(replace_file(path / "not-a-folder", "third"));
    EXPECT_EQ(read_file(path), "second");
    std::filesystem::remove(path);
    EXPECT_FALSE(read_file(path));
}

} // namespace
} // namespace tg::loader
