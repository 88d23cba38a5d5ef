// SPDX-License-Identifier: Apache-2.0
#include "control/base/net.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "tidegate/limits.h"

namespace tg {
namespace {

constexpr std::size_t address_bytes = sizeof(tg_addr);
constexpr std::size_t mapped_bytes = 12; // ::ffff: before an IPv4 address

constexpr std::array<std::uint8_t, mapped_bytes> mapped_prefix{0, 0, 0, 0, 0,    0,
                                                               0, 0, 0, 0, 0xff, 0xff};

// The whole of `text` as a decimal number up to `most`.
std::optional<unsigned> whole_number(std::string_view text, unsigned most)
{
    unsigned number = 0;
    const char *end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(std::to_address(text.begin()), end, number);
    if (text.empty() || error != std::errc{} || stop != end || number > most) {
        return std::nullopt;
    }
    return number;
}

// Bits of the family that an ABI address holds in front of the family's own.
unsigned leading_bits(Family family)
{
    return family == Family::ipv4 ? mapped_bytes * 8 : 0;
}

unsigned family_bits(Family family)
{
    return address_bytes * 8 - leading_bits(family);
}

bool bit(const tg_addr &address, unsigned index)
{
    return (address.bytes[index / 8] >> (7 - index % 8) & 1) != 0;
}

// The addresses that share the first `length` bits of `base`.
AddressRange prefix_range(const Address &base, unsigned length)
{
    AddressRange range{base, base};
    for (unsigned index = length; index < address_bytes * 8; ++index) {
        const auto mask = static_cast<std::uint8_t>(0x80 >> index % 8);
        range.low.raw.bytes[index / 8] &= static_cast<std::uint8_t>(~mask);
        range.high.raw.bytes[index / 8] |= mask;
    }
    return range;
}

// "24" or, for IPv4, "255.255.255.0", in bits of the family.
std::optional<unsigned> prefix_length(std::string_view text, Family family)
{
    if (const auto length = whole_number(text, family_bits(family))) {
        return length;
    }
    const auto mask = family == Family::ipv4 ? parse_address(text, family) : fail("");
    if (!mask) {
        return std::nullopt;
    }
    const unsigned first = leading_bits(family);
    unsigned length = 0;
    while (length < family_bits(family) && bit(mask->raw, first + length)) {
        ++length;
    }
    for (unsigned index = length; index < family_bits(family); ++index) {
        if (bit(mask->raw, first + index)) {
            return std::nullopt; // a one after a zero
        }
    }
    return length;
}

std::unexpected<Error> bad_range(Family family)
{
    return fail(family == Family::ipv4
                    ? "expected an IPv4 address, prefix or range such as 192.0.2.1, "
                      "192.0.2.0/24 or 192.0.2.1-192.0.2.9"
                    : "expected an IPv6 address or prefix such as 2001:db8::1 or 2001:db8::/32");
}

struct ProtocolName {
    std::uint8_t number;
    std::string_view name;
};

// The names RouterOS's console offers.
constexpr std::array protocol_names{
    ProtocolName{33, "dccp"},       ProtocolName{37, "ddp"},        ProtocolName{8, "egp"},
    ProtocolName{98, "encap"},      ProtocolName{97, "etherip"},    ProtocolName{3, "ggp"},
    ProtocolName{47, "gre"},        ProtocolName{20, "hmp"},        ProtocolName{1, "icmp"},
    ProtocolName{58, "icmpv6"},     ProtocolName{38, "idpr-cmtp"},  ProtocolName{2, "igmp"},
    ProtocolName{4, "ipencap"},     ProtocolName{94, "ipip"},       ProtocolName{51, "ipsec-ah"},
    ProtocolName{50, "ipsec-esp"},  ProtocolName{41, "ipv6-encap"}, ProtocolName{44, "ipv6-frag"},
    ProtocolName{59, "ipv6-nonxt"}, ProtocolName{60, "ipv6-opts"},  ProtocolName{43, "ipv6-route"},
    ProtocolName{29, "iso-tp4"},    ProtocolName{115, "l2tp"},      ProtocolName{89, "ospf"},
    ProtocolName{103, "pim"},       ProtocolName{12, "pup"},        ProtocolName{27, "rdp"},
    ProtocolName{73, "rspf"},       ProtocolName{46, "rsvp"},       ProtocolName{132, "sctp"},
    ProtocolName{5, "st"},          ProtocolName{6, "tcp"},         ProtocolName{17, "udp"},
    ProtocolName{136, "udp-lite"},  ProtocolName{81, "vmtp"},       ProtocolName{112, "vrrp"},
    ProtocolName{22, "xns-idp"},    ProtocolName{36, "xtp"},
};

} // namespace

bool Address::is_ipv4() const
{
    return std::equal(mapped_prefix.begin(), mapped_prefix.end(), raw.bytes);
}

bool operator==(const Address &a, const Address &b)
{
    return (a <=> b) == 0;
}

std::strong_ordering operator<=>(const Address &a, const Address &b)
{
    return std::memcmp(a.raw.bytes, b.raw.bytes, address_bytes) <=> 0;
}

Result<Address> parse_address(std::string_view text, Family family)
{
    const bool ipv4 = family == Family::ipv4;
    Address address;
    if (ipv4) {
        std::ranges::copy(mapped_prefix, address.raw.bytes);
    }
    const std::string terminated(text);
    const bool whole = terminated.find('\0') == std::string::npos;
    std::uint8_t *bytes = address.raw.bytes + (ipv4 ? mapped_bytes : 0);
    if (!whole || inet_pton(ipv4 ? AF_INET : AF_INET6, terminated.c_str(), bytes) != 1) {
        return fail(ipv4 ? "expected an IPv4 address" : "expected an IPv6 address");
    }
    if (!ipv4 && address.is_ipv4()) {
        return fail("expected an IPv6 address, not an IPv4 address written as one");
    }
    return address;
}

std::string to_string(const Address &address)
{
    const bool ipv4 = address.is_ipv4();
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(ipv4 ? AF_INET : AF_INET6, address.raw.bytes + (ipv4 ? mapped_bytes : 0), text.data(),
              text.size());
    return text.data();
}

Result<AddressRange> parse_address_range(std::string_view text, Family family)
{
    if (const auto slash = text.find('/'); slash != std::string_view::npos) {
        const auto base = parse_address(text.substr(0, slash), family);
        const auto length = prefix_length(text.substr(slash + 1), family);
        if (!base || !length) {
            return bad_range(family);
        }
        return prefix_range(*base, leading_bits(family) + *length);
    }
    if (const auto dash = text.find('-');
        dash != std::string_view::npos && family == Family::ipv4) {
        const auto low = parse_address(text.substr(0, dash), family);
        const auto high = parse_address(text.substr(dash + 1), family);
        if (!low || !high) {
            return bad_range(family);
        }
        if (*high < *low) {
            return fail("expected the lower address of the range first");
        }
        return AddressRange{*low, *high};
    }
    const auto single = parse_address(text, family);
    if (!single) {
        return bad_range(family);
    }
    return AddressRange{*single, *single};
}

std::string to_string(const AddressRange &range)
{
    if (range.low == range.high) {
        return to_string(range.low);
    }
    unsigned common = 0;
    while (bit(range.low.raw, common) == bit(range.high.raw, common)) {
        ++common;
    }
    const unsigned first = leading_bits(range.low.is_ipv4() ? Family::ipv4 : Family::ipv6);
    if (common >= first && prefix_range(range.low, common) == range) {
        return fmt::format("{}/{}", to_string(range.low), common - first);
    }
    return fmt::format("{}-{}", to_string(range.low), to_string(range.high));
}

Result<std::vector<PortRange>> parse_ports(std::string_view text)
{
    constexpr unsigned highest = 65535;
    std::vector<PortRange> ports;
    while (true) {
        const std::string_view entry = text.substr(0, text.find(','));
        const auto dash = entry.find('-');
        const auto low = whole_number(entry.substr(0, dash), highest);
        const auto high =
            dash == std::string_view::npos ? low : whole_number(entry.substr(dash + 1), highest);
        if (!low || !high || *high < *low) {
            return fail("expected ports 0..65535 such as 22, 1000-2000 or 22,80,8000-8100");
        }
        if (ports.size() == TG_LIMIT_PORT_RANGES) {
            return fail(fmt::format("expected at most {} ports and ranges", TG_LIMIT_PORT_RANGES));
        }
        ports.push_back({static_cast<std::uint16_t>(*low), static_cast<std::uint16_t>(*high)});
        if (entry.size() == text.size()) {
            return ports;
        }
        text.remove_prefix(entry.size() + 1);
    }
}

std::string to_string(const std::vector<PortRange> &ports)
{
    std::string text;
    for (const PortRange &range : ports) {
        text += text.empty() ? "" : ",";
        text += range.low == range.high ? fmt::format("{}", range.low)
                                        : fmt::format("{}-{}", range.low, range.high);
    }
    return text;
}

Result<std::uint8_t> parse_protocol(std::string_view text)
{
    if (const auto number = whole_number(text, 255)) {
        return static_cast<std::uint8_t>(*number);
    }
    const auto *const found = std::ranges::find(protocol_names, text, &ProtocolName::name);
    if (found == protocol_names.end()) {
        return fail("expected a protocol's name, such as tcp or icmp, or its number 0..255");
    }
    return found->number;
}

std::string protocol_name(std::uint8_t protocol)
{
    const auto *const found = std::ranges::find(protocol_names, protocol, &ProtocolName::number);
    return found == protocol_names.end() ? fmt::format("{}", protocol) : std::string(found->name);
}

} // namespace tg
