// SPDX-License-Identifier: Apache-2.0
// Interface lists: numbers, members, the bucket table, limits.
#include "control/compile/interface_lists.h"

#include <algorithm>

#include "tests/unit/compile/build.h"

namespace tg::test {
namespace {

TEST(CompileLists, InterfaceKnowsAllItsLists)
{
    const Image image = build("/interface list\nadd name=LAN\nadd name=WAN\nadd name=all-of-us\n"
                              "/interface list member\n"
                              "add list=LAN interface=eth1\nadd list=all-of-us interface=eth1\n"
                              "add list=WAN interface=eth0\nadd list=WAN interface=eth9\n"
                              "add list=LAN interface=eth2 disabled=yes\n"
                              "add list=LAN interface=eth77\n");
    EXPECT_EQ(lists_of(image, 11), 0b101u);
    EXPECT_EQ(lists_of(image, 10), 0b010u);
    EXPECT_EQ(lists_of(image, 19), 0b010u);
    EXPECT_EQ(lists_of(image, 12), 0u) << "a disabled member is none";
    EXPECT_EQ(lists_of(image, 13), 0u);
    EXPECT_EQ(header_of(image).device_mask, 0u);
}

// `count` interfaces, `step` apart.
std::map<std::uint32_t, std::uint64_t> members(std::uint32_t count, std::uint32_t step)
{
    std::map<std::uint32_t, std::uint64_t> all;
    for (std::uint32_t i = 1; i <= count; i++) {
        all[i * step] = i;
    }
    return all;
}

struct BucketCase {
    std::uint32_t count;
    std::uint32_t step;
    std::size_t buckets;
};

TEST(CompileLists, BucketsAreTheFewestThatHoldAll)
{
    constexpr BucketCase cases[] = {
        {0, 1, 1},  {1, 1, 1},   {16, 1, 1}, {17, 1, 2},    {32, 1, 2},
        {33, 1, 4}, {16, 64, 1}, {17, 2, 4}, {17, 64, 128}, {4096, 1, 256},
    };
    for (const BucketCase &row : cases) {
        const auto all = members(row.count, row.step);
        const auto buckets = device_buckets(all);
        ASSERT_TRUE(buckets.has_value());
        EXPECT_EQ(buckets->size(), row.buckets) << row.count << " by " << row.step;
        for (const auto &[ifindex, lists] : all) {
            const tg_device_bucket &bucket = (*buckets)[ifindex & (buckets->size() - 1)];
            const auto *const slot =
                std::ranges::find(bucket.slots, ifindex, &tg_device_lists::ifindex);
            ASSERT_NE(slot, std::end(bucket.slots));
            EXPECT_EQ(slot->lists, lists);
        }
    }
}

TEST(CompileLists, NumbersTooAlikeAreAnError)
{
    EXPECT_TRUE(device_buckets(members(16, 1u << 20)).has_value());
    const auto buckets = device_buckets(members(17, 1u << 20));
    ASSERT_FALSE(buckets.has_value());
    EXPECT_NE(buckets.error().message.find("too alike"), std::string::npos);
}

Config with_lists(std::size_t count)
{
    Config config;
    for (std::uint32_t i = 0; i < count; i++) {
        Item item;
        item.id = i + 1;
        item.properties["name"].data = "list" + std::to_string(i);
        config.menus[std::string(menu_interface_list)].push_back(item);
    }
    return config;
}

TEST(CompileLists, ListsHaveTheirLimit)
{
    Config config = with_lists(TG_LIMIT_INTERFACE_LISTS);
    Item last;
    last.properties["list"].data = std::string("list63");
    last.properties["interface"].data = std::string("eth0");
    config.menus[std::string(menu_interface_member)].push_back(last);
    EXPECT_EQ(lists_of(build(config), 10), std::uint64_t{1} << 63);
    const Result<Image> image = compile(with_lists(TG_LIMIT_INTERFACE_LISTS + 1), {}, 1);
    ASSERT_FALSE(image.has_value());
    EXPECT_EQ(image.error().message, "too many interface lists: the limit is 64");
}

TEST(CompileLists, MembersHaveTheirLimit)
{
    Config config = with_lists(1);
    Environment environment;
    const auto add_member = [&](std::uint32_t number) {
        const std::string name = "if" + std::to_string(number);
        environment.interfaces[name] = number;
        Item item;
        item.properties["list"].data = std::string("list0");
        item.properties["interface"].data = name;
        config.menus[std::string(menu_interface_member)].push_back(item);
    };
    for (std::uint32_t i = 1; i <= TG_LIMIT_INTERFACES; i++) {
        add_member(i);
    }
    EXPECT_TRUE(compile(config, environment, 1).has_value());
    add_member(TG_LIMIT_INTERFACES + 1);
    const Result<Image> image = compile(config, environment, 1);
    ASSERT_FALSE(image.has_value());
    EXPECT_EQ(image.error().message,
              "4097 interfaces are members of interface lists: the limit is 4096");
}

} // namespace
} // namespace tg::test
