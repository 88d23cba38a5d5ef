// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "control/config/menu.h"

namespace tg {
namespace {

TEST(MenuTree, FindsChildrenByNameOrPrefix)
{
    const MenuTree &tree = menu_tree();
    EXPECT_EQ(tree.child("", "ip"), "ip");
    EXPECT_EQ(tree.child("", "ipv"), "ipv6");
    EXPECT_EQ(tree.child("", "int"), "interface");
    EXPECT_EQ(tree.child("/ip", "fire"), "firewall");
    EXPECT_EQ(tree.child("/ip firewall connection", "tracking"), "tracking");
    EXPECT_EQ(tree.child("/interface list", "m"), "member");
    EXPECT_EQ(tree.child("/ip firewall", ""), "");
    EXPECT_EQ(tree.child("/ip firewall", "x"), "");
    EXPECT_EQ(tree.child("/ip firewall filter", "filter"), "");
}

TEST(MenuTree, FindsVerbsByNameOrUnambiguousPrefix)
{
    const MenuTree &tree = menu_tree();
    EXPECT_EQ(tree.verb("/ip firewall filter", "pr"), "print");
    EXPECT_EQ(tree.verb("/ip firewall filter", "e"), "");
    EXPECT_EQ(tree.verb("/ip firewall filter", "reset-counters"), "reset-counters");
    EXPECT_EQ(tree.verb("/ip firewall filter", "reset-counters-a"), "reset-counters-all");
    EXPECT_EQ(tree.verb("/ip firewall connection", "add"), "");
    EXPECT_EQ(tree.verb("/ip firewall service-port", "remove"), "");
    EXPECT_EQ(tree.verb("", "export"), "export");
    EXPECT_EQ(tree.verb("/ip firewall", "export"), "export");
    EXPECT_EQ(tree.verb("/ip firewall", "print"), "");
}

TEST(MenuTree, NamesWhatIsTheHostsAndWhatIsMissing)
{
    const MenuTree &tree = menu_tree();
    EXPECT_NE(tree.host_menu("/ip address").find("ip address"), std::string::npos);
    EXPECT_NE(tree.host_menu("/system identity").find("host"), std::string::npos);
    EXPECT_EQ(tree.host_menu("/ip firewall calea"), "/ip firewall calea is not built yet");
    EXPECT_EQ(tree.host_menu("/ip firewal"), "");
    EXPECT_EQ(tree.host_menu("/xyzzy"), "");
    EXPECT_EQ(tree.host_menu("/ip addressbook"), "");
}

TEST(Menus, AreComplete)
{
    for (const Menu &menu : all_menus()) {
        EXPECT_EQ(find_menu(menu.path), &menu);
        for (const Property *property : menu.properties) {
            EXPECT_NE(property->parse, nullptr) << menu.path << " " << property->name;
            EXPECT_FALSE(property->help.empty()) << menu.path << " " << property->name;
            EXPECT_EQ(std::ranges::count(menu.properties, property->name, &Property::name), 1)
                << menu.path << " " << property->name;
            if (!property->fallback.empty()) {
                EXPECT_TRUE(property->parse(property->fallback, *property, menu.family))
                    << menu.path << " " << property->name;
            }
            EXPECT_EQ(std::ranges::count(menu.missing_properties, property->name), 0)
                << menu.path << " " << property->name << " is built";
        }
    }
    EXPECT_EQ(find_menu("/ip firewall"), nullptr);
}

} // namespace
} // namespace tg
