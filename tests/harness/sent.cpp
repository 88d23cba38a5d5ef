// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/sent.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

namespace tg::test {
namespace {

constexpr std::size_t addresses = 2 * ETH_ALEN, tag_size = 4;

std::size_t link_header(const Bytes &frame)
{
    const bool tagged = (frame[addresses] == 0x81 && frame[addresses + 1] == 0x00) ||
                        (frame[addresses] == 0x88 && frame[addresses + 1] == 0xa8);
    return ETH_HLEN + (tagged ? tag_size : 0);
}

Bytes mac_bytes(std::string_view text)
{
    return parse_field(*find_field(*find_layer("ethernet"), "dst"), text).value();
}

// The packet as it came, one hop later.
Bytes one_hop_on(const Bytes &came)
{
    constexpr std::size_t ipv4_ttl = 8, ipv4_checksum = 10, ipv6_hop_limit = 7;
    Bytes packet(came.begin() + static_cast<std::ptrdiff_t>(link_header(came)), came.end());
    if (packet[0] >> 4 == 6) {
        packet[ipv6_hop_limit]--;
        return packet;
    }
    packet[ipv4_ttl]--;
    packet[ipv4_checksum] = packet[ipv4_checksum + 1] = 0;
    const std::uint16_t sum =
        internet_checksum(std::span(packet).first((packet[0] & 0xfu) * std::size_t{4}));
    packet[ipv4_checksum] = static_cast<std::uint8_t>(sum >> 8);
    packet[ipv4_checksum + 1] = static_cast<std::uint8_t>(sum);
    return packet;
}

// Up to the EtherType; `sent` says which of the interface's neighbours it goes to.
Bytes wire_header(const Bytes &sent, const Interface &out)
{
    Bytes header(sent.begin(), sent.begin() + ETH_ALEN);
    const bool known = std::ranges::any_of(neighbours, [&](const Neighbour &host) {
        return host.interface == out.name && mac_bytes(host.mac) == header;
    });
    if (!known) {
        return {};
    }
    const Bytes source = mac_bytes(out.mac);
    header.insert(header.end(), source.begin(), source.end());
    if (!out.lower.empty()) {
        header.insert(header.end(), {0x81, 0x00, static_cast<std::uint8_t>(out.vlan >> 8),
                                     static_cast<std::uint8_t>(out.vlan)});
    }
    return header;
}

} // namespace

std::vector<std::string> judge_sent(const Outcome &outcome, const Interface &out)
{
    std::vector<std::string> faults;
    if (outcome.action != TC_ACT_REDIRECT) {
        faults.emplace_back("it was not sent");
    }
    if (outcome.redirect && *outcome.redirect != out.ifindex) {
        faults.push_back(fmt::format("sent to {}, not {}", *outcome.redirect, out.ifindex));
    }
    if (!faults.empty()) {
        return faults;
    }
    const Bytes packet = one_hop_on(outcome.came);
    const std::size_t type = link_header(outcome.came) - 2;
    Bytes expected = outcome.by_xdp ? wire_header(outcome.frame, out)
                                    : Bytes(outcome.came.begin(), outcome.came.begin() + addresses);
    expected.insert(expected.end(), {outcome.came[type], outcome.came[type + 1]});
    expected.insert(expected.end(), packet.begin(), packet.end());
    if (expected != outcome.frame) {
        faults.push_back(fmt::format("sent {:02x}\n  instead of {:02x}",
                                     fmt::join(outcome.frame, ""), fmt::join(expected, "")));
    }
    return faults;
}

} // namespace tg::test
