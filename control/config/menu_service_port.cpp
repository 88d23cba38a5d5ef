// SPDX-License-Identifier: Apache-2.0
// The helpers ("service ports"): six fixed items whose settings are kept; they inspect nothing yet.
#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "control/base/limits.h"
#include "control/config/menu.h"

namespace tg {
namespace {

struct Helper {
    std::string_view name;
    std::vector<PortRange> ports; // empty: it has no ports to set
};

const std::array rows{
    Property{.name = "name",
             .parse = parse_name,
             .help = "the protocol it understands",
             .traits = trait_fixed | trait_always,
             .high = limit_list_name},
    Property{.name = "ports",
             .parse = parse_single_ports,
             .help = "ports whose connections it inspects",
             .traits = trait_always,
             .high = limit_helper_ports},
    Property{.name = "disabled",
             .parse = parse_flag,
             .help = "do not inspect",
             .fallback = "no",
             .traits = trait_hidden},
};

constexpr std::array<std::string_view, 2> missing_properties{"sip-direct-media", "sip-timeout"};

constexpr std::array<std::string_view, 7> verbs{"set",  "enable", "disable", "print",
                                                "find", "get",    "export"};
constexpr std::array flags{Flag{'X', "disabled", 0}, Flag{'I', "invalid", 0}};

std::vector<Item> make_items()
{
    const std::array helpers{
        Helper{"ftp", {{21, 21}}},
        Helper{"tftp", {{69, 69}}},
        Helper{"irc", {{6667, 6667}}},
        Helper{"h323", {}},
        Helper{"sip", {{5060, 5060}, {5061, 5061}}},
        Helper{"pptp", {}},
    };
    std::vector<Item> items;
    for (const Helper &helper : helpers) {
        Item item;
        item.id = static_cast<std::uint32_t>(items.size() + 1);
        item.properties["name"] = {.data = std::string(helper.name)};
        if (!helper.ports.empty()) {
            item.properties["ports"] = {.data = helper.ports};
        }
        items.push_back(std::move(item));
    }
    return items;
}

const std::vector<Item> &fixed_items()
{
    static const std::vector<Item> items = make_items();
    return items;
}

Result<void> check_helper(const Menu &menu, const Edited &edited)
{
    const auto original = std::ranges::find(menu.fixed, edited.item.id, &Item::id);
    const bool had_ports = original->get("ports") != nullptr;
    if (had_ports == (edited.item.get("ports") != nullptr)) {
        return {};
    }
    return fail(fmt::format("{} {}", edited.item.value_or("name", std::string()),
                            had_ports ? "needs ports" : "has no ports to set"),
                edited.position("ports"));
}

} // namespace

Menu make_service_port_menu()
{
    return {
        .path = menu_service_port,
        .kind = MenuKind::fixed,
        .properties = rows_of(rows),
        .verbs = verbs,
        .flags = flags,
        .form = Form::compact,
        .columns = {"name", "ports"},
        .key = "name",
        .fixed = fixed_items(),
        .missing_properties = missing_properties,
        .check = check_helper,
    };
}

} // namespace tg
