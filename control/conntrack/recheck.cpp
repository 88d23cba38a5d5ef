// SPDX-License-Identifier: Apache-2.0
#include "control/conntrack/recheck.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "control/config/chains.h"
#include "control/conntrack/first_packet.h"
#include "control/conntrack/view.h"
#include "tidegate/verdict.h"

namespace tg {
namespace {

constexpr std::string_view holds, unclear = "unclear";

bool same(const tg_addr &a, const tg_addr &b)
{
    return std::memcmp(&a, &b, sizeof a) == 0;
}

// Where the rules would send it and whom it would come from. The port of its source is not
// compared: which one is free is chance.
bool translated_alike(const tg_conn &now, const tg_conn &then)
{
    return same(now.reply.src, then.reply.src) && now.reply.src_port == then.reply.src_port &&
           same(now.reply.dst, then.reply.dst);
}

// Why a connection does not hold any more; `holds`: it does.
std::string_view judge(const tg_conn &record, const maps::Explained &explained)
{
    switch (explained.reason) {
    case TG_REASON_RAW_RULE:
        return "raw-rule";
    case TG_REASON_FILTER_RULE:
        return "filter-rule";
    case TG_REASON_NAT_NO_ADDRESS:
        return "nat-no-address";
    case TG_REASON_INPUT:
    case TG_REASON_FORWARD:
    case TG_REASON_FORWARD_STACK:
    case TG_REASON_OUTPUT:
        break;
    default:
        return unclear;
    }
    if (explained.record.inserted == 0) {
        return "untracked";
    }
    return translated_alike(record, explained.record.conn) ? holds : "nat-rule";
}

constexpr std::array<std::string_view, 4> forgotten{"dscp", "ttl", "hop-limit", "priority"};

// Actions that decide nothing about a packet and lead it nowhere else.
constexpr std::array<std::string_view, 9> without_consequence{
    "change-dscp", "change-hop-limit",     "change-mss",  "change-ttl",  "clear-df",
    "log",         "fasttrack-connection", "passthrough", "set-priority"};

// Actions that matter only to rules that ask for what they set.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> marks{
    {{"mark-packet", "packet-mark"}, {"mark-connection", "connection-mark"}}};

// Whether an enabled rule of the family is such that.
template <class Wanted> bool any_rule(const Config &config, Family family, const Wanted &wanted)
{
    const auto enabled = [&](const Item &rule) { return !rule.disabled() && wanted(rule); };
    return std::ranges::any_of(rule_menus, [&](std::string_view menu) {
        return menu.starts_with("/ip ") == (family == Family::ipv4) &&
               std::ranges::any_of(config.items(menu), enabled);
    });
}

// Whether what becomes of a packet can depend on what the rule does.
bool has_consequence(const Config &config, Family family, const Item &rule)
{
    const std::string_view action = rule_text(rule, "action");
    if (!rule.value_or("passthrough", true)) {
        return true;
    }
    const auto *const mark = std::ranges::find(marks, action, &decltype(marks)::value_type::first);
    if (mark != marks.end()) {
        return any_rule(config, family,
                        [&](const Item &each) { return each.get(mark->second) != nullptr; });
    }
    return std::ranges::find(without_consequence, action) == without_consequence.end();
}

bool asks_for_forgotten(const Config &config, Family family)
{
    return any_rule(config, family, [&](const Item &rule) {
        return std::ranges::any_of(
                   forgotten,
                   [&](std::string_view property) { return rule.get(property) != nullptr; }) &&
               has_consequence(config, family, rule);
    });
}

// nullopt: its interface is gone.
std::optional<MacAddress> mac_address(const std::map<std::uint32_t, tg_device> &devices,
                                      std::uint32_t ifindex)
{
    const auto device = devices.find(ifindex);
    if (device == devices.end()) {
        return std::nullopt;
    }
    MacAddress address;
    std::ranges::copy(device->second.mac, address.begin());
    return address;
}

} // namespace

Result<Recheck> recheck_connections(const ConnectionStore &store, const Ask &ask,
                                    const std::map<std::uint32_t, tg_device> &devices,
                                    const Config &config)
{
    Recheck result;
    Error error;
    bool failed = false, doubtful = false;
    const auto look = [&](const Connection &connection) {
        const tg_conn &record = connection.record;
        if (record.original.mapping != 0) {
            return true; // no packet opens one: it ends when no connection has it any more
        }
        const bool sent = record.in_ifindex == 0;
        const std::uint32_t ifindex = sent ? record.out_ifindex : record.in_ifindex;
        const std::optional<MacAddress> address = mac_address(devices, ifindex);
        result.checked++;
        if (!address) {
            result.unclear++;
            return true;
        }
        const std::vector<std::byte> frame = first_packet(record.original, *address);
        const Result<maps::Explained> explained =
            ask({.frame = frame, .ifindex = ifindex, .sent = sent, .without = record.id});
        if (!explained) {
            error = explained.error();
            failed = true;
            return false;
        }
        const std::string_view cause = judge(record, *explained);
        if (cause == unclear || (cause != holds && doubtful)) {
            result.unclear++;
        } else if (cause != holds) {
            result.causes[cause]++;
            result.fallen.push_back(name_of(record));
        }
        return true;
    };
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        doubtful = asks_for_forgotten(config, family);
        if (const Result<void> visited = visit_connections(store, family, look); !visited) {
            return std::unexpected(visited.error());
        }
        if (failed) {
            return std::unexpected(error);
        }
    }
    return result;
}

} // namespace tg
