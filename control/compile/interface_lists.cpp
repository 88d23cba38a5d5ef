// SPDX-License-Identifier: Apache-2.0
#include "control/compile/interface_lists.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "tidegate/limits.h"

namespace tg {

namespace {

// nullopt: some bucket overflows with so many of them.
std::optional<std::vector<tg_device_bucket>>
fill_buckets(const std::map<std::uint32_t, std::uint64_t> &members, std::size_t count)
{
    std::vector<tg_device_bucket> buckets(count);
    std::vector<std::size_t> used(count);
    for (const auto &[ifindex, lists] : members) {
        const std::size_t bucket = ifindex & (count - 1);
        if (used[bucket] == TG_DEVICE_BUCKET) {
            return std::nullopt;
        }
        buckets[bucket].slots[used[bucket]++] = {ifindex, 0, lists};
    }
    return buckets;
}

} // namespace

Result<InterfaceLists> number_interface_lists(const Config &config, const Environment &environment)
{
    InterfaceLists lists;
    for (const Item &item : config.items(menu_interface_list)) {
        lists.numbers.emplace(item.value_or("name", std::string()),
                              static_cast<std::uint8_t>(lists.numbers.size()));
        if (lists.numbers.size() > TG_LIMIT_INTERFACE_LISTS) {
            return fail(
                fmt::format("too many interface lists: the limit is {}", TG_LIMIT_INTERFACE_LISTS));
        }
    }
    for (const Item &item : config.items(menu_interface_member)) {
        const auto list = lists.numbers.find(item.value_or("list", std::string()));
        const std::uint32_t ifindex =
            environment.ifindex(item.value_or("interface", std::string()));
        if (!item.disabled() && list != lists.numbers.end() && ifindex != 0) {
            lists.members[ifindex] |= std::uint64_t{1} << list->second;
        }
    }
    if (lists.members.size() > TG_LIMIT_INTERFACES) {
        return fail(fmt::format("{} interfaces are members of interface lists: the limit is {}",
                                lists.members.size(), TG_LIMIT_INTERFACES));
    }
    return lists;
}

Result<std::vector<tg_device_bucket>>
device_buckets(const std::map<std::uint32_t, std::uint64_t> &members)
{
    for (std::size_t count = 1; count <= TG_LIMIT_BANK_ELEMENTS; count *= 2) {
        if (auto buckets = fill_buckets(members, count)) {
            return std::move(*buckets);
        }
    }
    return fail("the interfaces' numbers are too alike for the interface table; making some of "
                "the interfaces anew changes them");
}

} // namespace tg
