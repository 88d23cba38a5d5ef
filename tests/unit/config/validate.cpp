// SPDX-License-Identifier: Apache-2.0
#include "control/config/validate.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "control/config/execute.h"

namespace tg {
namespace {

const Environment environment{{{"lan0", 1}, {"wan0", 2}}};

Config make(std::string_view script)
{
    Session session;
    const auto config = apply_script(script, "", {}, environment, session, Strictness::saved);
    EXPECT_TRUE(config) << (config ? "" : to_string(config.error()));
    return config.value_or(Config{});
}

bool first_rule_is_valid(const Config &config, std::string_view menu = menu_filter4)
{
    return rule_is_valid(config, environment, menu, config.items(menu).front());
}

TEST(Validity, NeedsWhatTheRuleNames)
{
    struct Row {
        std::string_view script;
        bool valid;
    };
    constexpr std::array rows{
        Row{"/ip firewall filter add chain=input", true},
        Row{"/ip firewall filter add chain=input in-interface=lan0", true},
        Row{"/ip firewall filter add chain=input in-interface=ppp0", false},
        Row{"/ip firewall filter add chain=input in-interface=!ppp0", false},
        Row{"/ip firewall filter add chain=output out-interface=ppp0", false},
        Row{"/ip firewall filter add chain=input in-interface-list=all", true},
        Row{"/ip firewall filter add chain=input in-interface-list=none", true},
        Row{"/ip firewall filter add chain=input in-interface-list=LAN", false},
        Row{"/interface list add name=LAN; /ip firewall filter add chain=input "
            "in-interface-list=LAN",
            true},
        Row{"/ip firewall filter add chain=input connection-state=new", true},
        Row{"/ip firewall connection tracking set enabled=no; "
            "/ip firewall filter add chain=input connection-state=new",
            false},
        Row{"/ip firewall connection tracking set enabled=no; "
            "/ip firewall filter add chain=input",
            true},
        Row{"/ip firewall connection tracking set enabled=auto; "
            "/ip firewall filter add chain=input connection-state=new",
            true},
        Row{"/ip firewall filter add chain=input in-interface=lan0 disabled=yes", true},
        Row{"/ip firewall filter add chain=input action=jump jump-target=mine", false},
        Row{"/ip firewall filter add chain=input action=jump jump-target=mine; "
            "/ip firewall filter add chain=mine disabled=yes",
            true},
        Row{"/ip firewall filter add chain=input action=jump jump-target=mine; "
            "/ip firewall raw add chain=mine",
            false},
        Row{"/ip firewall filter add chain=input action=jump jump-target=output", true},
        Row{"/ip firewall filter add chain=forward connection-nat-state=!dstnat", true},
        Row{"/ip firewall connection tracking set enabled=no; "
            "/ip firewall filter add chain=forward connection-nat-state=!dstnat",
            false},
    };
    for (const Row &row : rows) {
        EXPECT_EQ(first_rule_is_valid(make(row.script)), row.valid) << row.script;
    }
}

// What the router sends has left its stack before nat's output, and cannot be turned back to it.
TEST(Validity, OfRedirectNeedsToComeIn)
{
    const std::string add = "/ip firewall nat add action=redirect chain=";
    EXPECT_TRUE(first_rule_is_valid(make(add + "dstnat"), menu_nat4));
    EXPECT_TRUE(first_rule_is_valid(make(add + "mine"), menu_nat4));
    EXPECT_FALSE(first_rule_is_valid(make(add + "output"), menu_nat4));
}

TEST(Validity, OfNatNeedsTracking)
{
    for (const std::string rule :
         {"action=masquerade", "out-interface=wan0", "action=passthrough"}) {
        for (const std::string_view menu : {menu_nat4, menu_nat6}) {
            const std::string add = std::string(menu) + " add chain=srcnat " + rule;
            EXPECT_TRUE(first_rule_is_valid(make(add), menu)) << add;
            EXPECT_FALSE(first_rule_is_valid(
                make("/ip firewall connection tracking set enabled=no; " + add), menu))
                << add;
        }
    }
    EXPECT_FALSE(first_rule_is_valid(
        make("/ip firewall nat add chain=srcnat action=masquerade out-interface=ppp0"), menu_nat4));
}

TEST(Validity, OfAnUnknownMenuIsNothing)
{
    EXPECT_FALSE(rule_is_valid({}, environment, "/ip firewall calea", {}));
}

TEST(Tracking, IsActiveWhileSomethingNeedsIt)
{
    struct Row {
        std::string_view script;
        bool active;
    };
    constexpr std::array rows{
        Row{"", true},
        Row{"/ip firewall connection tracking set enabled=no", false},
        Row{"/ip firewall connection tracking set enabled=auto", false},
        Row{"/ip firewall connection tracking set enabled=auto; "
            "/ip firewall filter add chain=input action=drop",
            false},
        Row{"/ip firewall connection tracking set enabled=auto; "
            "/ip firewall filter add chain=input connection-state=new",
            true},
        Row{"/ip firewall connection tracking set enabled=auto; "
            "/ipv6 firewall filter add chain=input connection-state=new",
            true},
        Row{"/ip firewall connection tracking set enabled=auto; "
            "/ip firewall filter add chain=input connection-state=new disabled=yes",
            false},
        Row{"/ip firewall connection tracking set enabled=auto; "
            "/ip firewall filter add chain=input connection-state=new in-interface=ppp0",
            false},
        Row{"/ip firewall connection tracking set enabled=auto; "
            "/ip firewall filter add chain=forward action=fasttrack-connection",
            true},
        Row{"/ip firewall connection tracking set enabled=auto; "
            "/ip firewall filter add chain=forward connection-nat-state=dstnat",
            true},
        Row{"/ip firewall connection tracking set enabled=auto; "
            "/ip firewall nat add chain=srcnat action=masquerade",
            true},
        Row{"/ip firewall connection tracking set enabled=auto; "
            "/ipv6 firewall nat add chain=dstnat action=accept",
            true},
        Row{"/ip firewall connection tracking set enabled=auto; "
            "/ip firewall nat add chain=srcnat action=masquerade disabled=yes",
            false},
        Row{"/ip firewall connection tracking set enabled=auto; "
            "/ip firewall nat add chain=srcnat action=masquerade out-interface=ppp0",
            false},
        Row{"/ip firewall connection tracking set enabled=no; "
            "/ip firewall nat add chain=srcnat action=masquerade",
            false},
        Row{"/ip firewall connection tracking set enabled=auto; "
            "/ip firewall raw add chain=prerouting action=notrack",
            false},
        Row{"/ip firewall connection tracking set enabled=no; "
            "/ip firewall filter add chain=input connection-state=new",
            false},
        Row{"/ip firewall connection tracking set enabled=auto; "
            "/ip firewall filter add chain=mine connection-state=new",
            false},
        Row{"/ip firewall connection tracking set enabled=auto; /ip firewall filter; "
            "add chain=mine connection-state=new; add chain=yours action=jump jump-target=mine; "
            "add chain=input action=jump jump-target=yours disabled=yes; "
            "add chain=input action=jump jump-target=yours in-interface=ppp0",
            false},
        Row{"/ip firewall connection tracking set enabled=auto; /ip firewall filter; "
            "add chain=mine connection-state=new; add chain=yours action=jump jump-target=mine; "
            "add chain=input action=jump jump-target=yours",
            true},
    };
    for (const Row &row : rows) {
        EXPECT_EQ(tracking_active(make(row.script), environment), row.active) << row.script;
    }
}

TEST(Tracking, IsActiveForMarksOfConnections)
{
    const std::string automatic = "/ip firewall connection tracking set enabled=auto; ";
    const std::string mangle = "/ip firewall mangle add chain=forward ";
    EXPECT_TRUE(tracking_active(
        make(automatic + mangle + "action=mark-connection new-connection-mark=m"), environment));
    EXPECT_TRUE(tracking_active(
        make(automatic + "/ip firewall filter add chain=forward connection-mark=m"), environment));
    EXPECT_FALSE(tracking_active(
        make(automatic + mangle + "packet-mark=n action=mark-packet new-packet-mark=m"),
        environment));
}

TEST(InterfaceLists, BuiltInOnesExistWithoutConfiguration)
{
    for (const std::string_view name : {"all", "none", "dynamic", "static"}) {
        EXPECT_TRUE(is_builtin_interface_list(name));
        EXPECT_TRUE(interface_list_exists({}, name));
    }
    EXPECT_FALSE(interface_list_exists({}, "LAN"));
    EXPECT_TRUE(interface_list_exists(make("/interface list add name=LAN"), "LAN"));
}

} // namespace
} // namespace tg
