// SPDX-License-Identifier: Apache-2.0
#include "control/compile/compile.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include <fmt/format.h>

#include "control/compile/chains.h"
#include "control/config/validate.h"

namespace tg {

namespace {

// No element has padding, so equal ones are equal bytes.
static_assert(std::has_unique_object_representations_v<tg_bank_header> &&
              std::has_unique_object_representations_v<tg_device_bucket>);
static_assert(offsetof(tg_rule, src) == offsetof(tg_rule, zero) + sizeof(tg_rule::zero));

struct TimeoutRow {
    tg_timeout timeout;
    std::string_view property;
    std::uint32_t seconds;
};

constexpr TimeoutRow timeout_rows[] = {
#define TG_X(class_, property, seconds) {TG_TIMEOUT_##class_, property, seconds},
    TG_TIMEOUTS(TG_X)
#undef TG_X
};

// The record of a menu that has exactly one; an empty item, that is defaults, if nothing was set.
const Item &record_of(const Config &config, std::string_view menu)
{
    static const Item defaults;
    const std::vector<Item> &items = config.items(menu);
    return items.empty() ? defaults : items.front();
}

// Places for connections of the router itself, on top of max-connections.
std::uint32_t reserve_for(std::uint32_t max_connections)
{
    return std::clamp(max_connections / 16, TG_LIMIT_RESERVE_MIN, TG_LIMIT_RESERVE_MAX);
}

Result<void> set_timeouts(tg_bank_header &header, const Item &tracking)
{
    for (const TimeoutRow &row : timeout_rows) {
        const Duration value =
            tracking.value_or(row.property, Duration(std::chrono::seconds(row.seconds)));
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(value).count();
        if (seconds < 0 || seconds > UINT32_MAX) {
            return fail(fmt::format("{} is out of range: {}", row.property, to_string(value)));
        }
        header.timeouts[row.timeout] = static_cast<std::uint32_t>(seconds);
    }
    return {};
}

// What early-drop says; its words are those of the ABI.
std::uint32_t early_drop_of(const Item &tracking)
{
    constexpr std::array words{
#define TG_X(name, word) std::string_view{word},
        TG_EARLY_DROPS(TG_X)
#undef TG_X
    };
    const std::string word = tracking.value_or("early-drop", std::string(words[TG_EARLY_DROP_TCP]));
    return static_cast<std::uint32_t>(std::ranges::find(words, word) - words.begin());
}

Result<tg_bank_header> make_header(const Config &config, const Environment &environment)
{
    const Item &tracking = record_of(config, menu_tracking);
    const auto max_connections =
        tracking.value_or<std::int64_t>("max-connections", TG_LIMIT_CONNECTIONS_DEFAULT);
    if (max_connections < 1 || max_connections > TG_LIMIT_CONNECTIONS) {
        return fail(fmt::format("max-connections is {}: it can be 1 to {}", max_connections,
                                TG_LIMIT_CONNECTIONS));
    }
    tg_bank_header header = {};
    header.tracking = tracking_active(config, environment) ? TG_TRACKING_ON : TG_TRACKING_OFF;
    header.max_connections = static_cast<std::uint32_t>(max_connections);
    header.reserve = reserve_for(header.max_connections);
    header.accept_neighbour_discovery =
        record_of(config, menu_settings6).value_or("accept-neighbour-discovery", true);
    header.accept_dhcp_client =
        record_of(config, menu_settings4).value_or("accept-dhcp-client", true);
    header.loose_tcp_tracking = tracking.value_or("loose-tcp-tracking", false);
    header.liberal_tcp_tracking = tracking.value_or("liberal-tcp-tracking", false);
    header.checksum = tracking.value_or("checksum", true);
    header.early_drop = early_drop_of(tracking);
    if (const Result<void> set = set_timeouts(header, tracking); !set) {
        return std::unexpected(set.error());
    }
    return header;
}

} // namespace

bool operator==(const Image &a, const Image &b)
{
    return a.elements.size() == b.elements.size() &&
           (a.elements.empty() || std::memcmp(a.elements.data(), b.elements.data(),
                                              a.elements.size() * sizeof(tg_bank_element)) == 0);
}

Result<Image> compile(const Config &config, const Environment &environment, std::uint64_t revision)
{
    Result<tg_bank_header> header = make_header(config, environment);
    if (!header) {
        return std::unexpected(header.error());
    }
    const Result<InterfaceLists> lists = number_interface_lists(config, environment);
    if (!lists) {
        return std::unexpected(lists.error());
    }
    const Result<std::vector<tg_device_bucket>> buckets = device_buckets(lists->members);
    if (!buckets) {
        return std::unexpected(buckets.error());
    }
    Image image;
    image.elements.resize(TG_BANK_FIRST);
    for (const tg_device_bucket &bucket : *buckets) {
        image.elements.push_back({.devices = bucket});
    }
    const std::size_t first_rule = image.elements.size();
    const Result<tg_bank_chains> chains =
        append_chains(image.elements, config, {environment, *lists, config.marks});
    if (!chains) {
        return std::unexpected(chains.error());
    }
    if (image.elements.size() > TG_LIMIT_BANK_ELEMENTS) {
        return fail(fmt::format("rules and interface lists need {} bank elements: the limit is {}",
                                image.elements.size(), TG_LIMIT_BANK_ELEMENTS));
    }
    header->mappings = std::any_of(image.elements.begin() + static_cast<std::ptrdiff_t>(first_rule),
                                   image.elements.end(), [](const tg_bank_element &element) {
                                       return element.rule.action == TG_ACTION_ENDPOINT_INDEPENDENT;
                                   });
    header->revision = revision;
    header->elements = static_cast<std::uint32_t>(image.elements.size());
    header->device_first = TG_BANK_FIRST;
    header->device_mask = static_cast<std::uint32_t>(buckets->size() - 1);
    image.elements[TG_BANK_HEADER].header = *header;
    image.elements[TG_BANK_CHAINS].chains = *chains;
    return image;
}

} // namespace tg
