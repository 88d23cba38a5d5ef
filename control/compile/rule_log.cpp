// SPDX-License-Identifier: Apache-2.0
#include "control/compile/rule_log.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netinet/in.h>

#include "control/base/net.h"
#include "control/config/chains.h"
#include "control/config/validate.h"
#include "tidegate/conn.h"

namespace tg {
namespace {

constexpr std::array<std::string_view, TG_CONNECTION_STATE_COUNT> state_names{
#define TG_X(name, text) std::string_view{text},
    TG_CONNECTION_STATES(TG_X)
#undef TG_X
};

constexpr std::array<std::string_view, 8> tcp_flag_names{"FIN", "SYN", "RST", "PSH",
                                                         "ACK", "URG", "ECE", "CWR"};

constexpr std::array<std::uint8_t, 5> protocols_with_ports{
    IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_DCCP, IPPROTO_UDPLITE,
};

std::string tcp_flags(unsigned flags)
{
    std::vector<std::string_view> names;
    for (unsigned bit = 0; bit < tcp_flag_names.size(); bit++) {
        if ((flags >> bit & 1) != 0) {
            names.push_back(tcp_flag_names[bit]);
        }
    }
    return fmt::format("{}", fmt::join(names, ","));
}

// "TCP (SYN)", "ICMP (type 8, code 0)", "UDP", "253"
std::string protocol_text(const tg_log_line &line)
{
    std::string name = protocol_name(line.tuple.protocol);
    for (char &letter : name) {
        letter = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    }
    if ((line.flags & TG_LOG_LATER) != 0) {
        return name + " (fragment)";
    }
    if ((line.flags & TG_LOG_L4) == 0) {
        return name;
    }
    switch (line.tuple.protocol) {
    case IPPROTO_TCP:
        return fmt::format("{} ({})", name, tcp_flags(line.tcp_flags));
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
        return fmt::format("{} (type {}, code {})", name, line.icmp_type, line.icmp_code);
    default:
        return name;
    }
}

std::string endpoint_text(const tg_log_line &line, const tg_addr &address, __be16 port)
{
    std::string text = to_string(Address{address});
    const bool has_port =
        (line.flags & TG_LOG_L4) != 0 &&
        std::ranges::find(protocols_with_ports, line.tuple.protocol) != protocols_with_ports.end();
    if (!has_port) {
        return text;
    }
    return line.tuple.family == TG_FAMILY_IPV6 ? fmt::format("[{}]:{}", text, ntohs(port))
                                               : fmt::format("{}:{}", text, ntohs(port));
}

// What is known beside addresses: " connection-state:new src-mac 02:00:00:00:00:01,"
std::string circumstances(const tg_log_line &line, bool tracked)
{
    std::string text;
    if (tracked && line.connection_state < state_names.size()) {
        text += fmt::format(" connection-state:{}", state_names[line.connection_state]);
    }
    if ((line.flags & TG_LOG_SRC_MAC) != 0) {
        text += fmt::format(" src-mac {:02x}", fmt::join(line.src_mac, ":"));
    }
    return text.empty() ? text : text + ",";
}

// One end of a packet, as it comes and as it leaves: "(203.0.113.1:80->192.168.88.2:8080)"
std::string changed(const std::string &from, const std::string &to)
{
    return from == to ? from : fmt::format("({}->{})", from, to);
}

// The addresses as the chain saw them, and what they are translated to, if they are.
std::string ends(const tg_log_line &line)
{
    const auto source = [&line](const tg_tuple &tuple) {
        return endpoint_text(line, tuple.src, tuple.src_port);
    };
    const auto destination = [&line](const tg_tuple &tuple) {
        return endpoint_text(line, tuple.dst, tuple.dst_port);
    };
    const tg_tuple &came = line.tuple, &leaves = line.translated;
    const bool halfway = (line.flags & TG_LOG_HALFWAY) != 0;
    std::string text = fmt::format("{}->{}", source(came), destination(halfway ? leaves : came));
    if ((line.flags & TG_LOG_TRANSLATED) != 0) {
        text += fmt::format(", NAT {}->{}", changed(source(came), source(leaves)),
                            changed(destination(came), destination(leaves)));
    }
    return text;
}

} // namespace

void RuleLog::add_bank(std::uint64_t bank, const Config &config, const Environment &environment)
{
    Bank added{.number = bank, .rules = {}, .interfaces = {}};
    for (const std::string_view menu : rule_menus) {
        const bool tracked = menu != menu_raw4 && menu != menu_raw6;
        for (const Item &item : config.items(menu)) {
            if (rule_logs(item)) {
                added.rules[item.counter] = {.prefix = std::string(rule_text(item, "log-prefix")),
                                             .chain = std::string(rule_text(item, "chain")),
                                             .tracked = tracked};
            }
        }
    }
    for (const auto &[name, ifindex] : environment.interfaces) {
        added.interfaces[ifindex] = name;
    }
    if (newest_.number != bank) {
        former_ = std::move(newest_);
    }
    newest_ = std::move(added);
}

// What a former agent has left in the ring is of a bank that only it knew. Rule ids stay what they
// are, so the newest names fit.
const RuleLog::Bank &RuleLog::find(std::uint64_t number) const
{
    return number == former_.number ? former_ : newest_;
}

std::string RuleLog::text(const tg_log_line &line) const
{
    const Bank &bank = find(line.bank);
    const auto interface = [&bank](std::uint32_t ifindex) {
        const auto name = bank.interfaces.find(ifindex);
        return name == bank.interfaces.end() ? fmt::format("(unknown {})", ifindex) : name->second;
    };
    const auto known = bank.rules.find(line.rule);
    const Rule rule = known == bank.rules.end() ? Rule{.chain = "(unknown)"} : known->second;
    return fmt::format("firewall,info {}{}{}: in:{} out:{},{} proto {}, {}, len {}", rule.prefix,
                       rule.prefix.empty() ? "" : " ", rule.chain, interface(line.in_ifindex),
                       interface(line.out_ifindex), circumstances(line, rule.tracked),
                       protocol_text(line), ends(line), line.length);
}

} // namespace tg
