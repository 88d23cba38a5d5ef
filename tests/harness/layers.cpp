// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/layers.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <netinet/ether.h>
#include <string>

namespace tg::test {
namespace {

using enum Derived;
using enum FieldKind;

constexpr Field ethernet[] = {
    {"dst", 0, 48, mac},
    {"src", 48, 48, mac},
    {"type", 96, 16, number, next},
};

constexpr Field vlan[] = {
    {"priority", 0, 3},
    {"id", 4, 12, number, constant, 1},
    {"type", 16, 16, number, next},
};

constexpr Field ip_version_4[] = {
    {"version", 0, 4, number, constant, 4},
    {"header-length", 4, 4, number, header_words},
    {"tos", 8, 8},
    {"length", 16, 16, number, total},
    {"id", 32, 16, number, constant, 1},
    {"df", 49, 1},
    {"mf", 50, 1},
    {"offset", 51, 13}, // units of 8 bytes
    {"ttl", 64, 8, number, constant, 64},
    {"protocol", 72, 8, number, next},
    {"checksum", 80, 16, number, checksum},
    {"src", 96, 32, ipv4},
    {"dst", 128, 32, ipv4},
};

constexpr Field ip_version_6[] = {
    {"version", 0, 4, number, constant, 6},
    {"class", 4, 8},
    {"flow", 12, 20},
    {"length", 32, 16, number, payload},
    {"protocol", 48, 8, number, next},
    {"ttl", 56, 8, number, constant, 64},
    {"src", 64, 128, ipv6},
    {"dst", 192, 128, ipv6},
};

constexpr Field extension[] = {
    {"protocol", 0, 8, number, next},
    {"length", 8, 8, number, header_octets},
};

constexpr Field fragment[] = {
    {"protocol", 0, 8, number, next},
    {"offset", 16, 13},
    {"mf", 31, 1},
    {"id", 32, 32, number, constant, 1},
};

constexpr Field authentication[] = {
    {"protocol", 0, 8, number, next},
    {"length", 8, 8, number, header_auth},
    {"spi", 32, 32, number, constant, 1},
    {"seq", 64, 32, number, constant, 1},
};

constexpr Field tcp[] = {
    {"src-port", 0, 16},
    {"dst-port", 16, 16},
    {"seq", 32, 32, number, constant, 1000},
    {"ack", 64, 32},
    {"data-offset", 96, 4, number, header_words},
    {"flags", 104, 8, tcp_flags, constant, 0x10},
    {"window", 112, 16, number, constant, 65535},
    {"checksum", 128, 16, number, checksum},
    {"urgent", 144, 16},
};

constexpr Field udp[] = {
    {"src-port", 0, 16},
    {"dst-port", 16, 16},
    {"length", 32, 16, number, total},
    {"checksum", 48, 16, number, checksum},
};

constexpr Field icmp[] = {
    {"type", 0, 8, number, constant, 8},    {"code", 8, 8},
    {"checksum", 16, 16, number, checksum}, {"id", 32, 16, number, constant, 1},
    {"seq", 48, 16, number, constant, 1},
};

constexpr Field icmpv6[] = {
    {"type", 0, 8, number, constant, 128},  {"code", 8, 8},
    {"checksum", 16, 16, number, checksum}, {"id", 32, 16, number, constant, 1},
    {"seq", 48, 16, number, constant, 1},
};

constexpr Field sctp[] = {
    {"src-port", 0, 16},
    {"dst-port", 16, 16},
    {"tag", 32, 32},
    {"checksum", 64, 32, number, checksum},
};

constexpr Field gre[] = {
    {"flags", 0, 16},
    {"type", 16, 16, number, constant, 0x0800},
};

constexpr Field esp[] = {
    {"spi", 0, 32, number, constant, 1},
    {"seq", 32, 32, number, constant, 1},
};

constexpr LayerKind layers[] = {
    {"ethernet", 0, 14, ethernet},
    {"vlan", 0x8100, 4, vlan, Checksum::none, true},
    {"ipv4", 0x0800, 20, ip_version_4, Checksum::header, true, 4},
    {"ipv6", 0x86dd, 40, ip_version_6, Checksum::none, true},
    {"arp", 0x0806, 28, {}, Checksum::none, true},
    {"hop-by-hop", 0, 8, extension, Checksum::none, false, 8},
    {"routing", 43, 8, extension, Checksum::none, false, 8},
    {"fragment", 44, 8, fragment},
    {"destination", 60, 8, extension, Checksum::none, false, 8},
    {"mobility", 135, 8, extension, Checksum::none, false, 8},
    {"authentication", 51, 16, authentication, Checksum::none, false, 8},
    {"tcp", 6, 20, tcp, Checksum::pseudo, false, 4},
    {"udp", 17, 8, udp, Checksum::pseudo},
    {"udp-lite", 136, 8, udp, Checksum::pseudo},
    {"icmp", 1, 8, icmp, Checksum::plain},
    {"icmpv6", 58, 8, icmpv6, Checksum::pseudo},
    {"sctp", 132, 12, sctp, Checksum::crc32c},
    {"gre", 47, 4, gre},
    {"esp", 50, 8, esp},
};

// In the order of the bits, lowest first.
constexpr std::string_view flag_letters = "FSRPAUEC";

Bytes big_endian(std::uint64_t value, std::size_t bytes)
{
    Bytes result(bytes);
    for (std::size_t i = 0; i < bytes && i < 8; i++) {
        result[bytes - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    return result;
}

std::optional<std::uint64_t> parse_number(std::string_view text)
{
    const bool hexadecimal = text.starts_with("0x");
    if (hexadecimal) {
        text.remove_prefix(2);
    }
    std::uint64_t value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

std::optional<Bytes> parse_mac(const std::string &text)
{
    ether_addr address{};
    if (ether_aton_r(text.c_str(), &address) == nullptr) {
        return std::nullopt;
    }
    return Bytes(std::begin(address.ether_addr_octet), std::end(address.ether_addr_octet));
}

std::optional<Bytes> parse_ip(int family, const std::string &text)
{
    Bytes address(family == AF_INET ? 4 : 16);
    if (inet_pton(family, text.c_str(), address.data()) != 1) {
        return std::nullopt;
    }
    return address;
}

// Letters of the flags, "-" for none, or a number.
std::optional<std::uint64_t> parse_tcp_flags(std::string_view text)
{
    std::uint64_t flags = 0;
    for (const char letter : text) {
        const std::size_t bit = flag_letters.find(letter);
        if (bit == std::string_view::npos) {
            return text == "-" ? std::optional<std::uint64_t>(0) : parse_number(text);
        }
        flags |= 1u << bit;
    }
    return flags;
}

std::optional<Bytes> field_bytes(const Field &field, std::string_view text)
{
    const std::string copy(text);
    std::optional<std::uint64_t> value;
    switch (field.kind) {
    case mac:
        return parse_mac(copy);
    case ipv4:
        return parse_ip(AF_INET, copy);
    case ipv6:
        return parse_ip(AF_INET6, copy);
    case tcp_flags:
        value = parse_tcp_flags(text);
        break;
    case number:
        value = parse_number(text);
        break;
    }
    if (!value || (field.bits < 64 && *value >> field.bits != 0)) {
        return std::nullopt;
    }
    return big_endian(*value, (field.bits + 7u) / 8u);
}

} // namespace

const LayerKind *find_layer(std::string_view name)
{
    const auto *found = std::ranges::find(layers, name, &LayerKind::name);
    return found == std::end(layers) ? nullptr : found;
}

const Field *find_field(const LayerKind &layer, std::string_view name)
{
    const auto found = std::ranges::find(layer.fields, name, &Field::name);
    return found == layer.fields.end() ? nullptr : &*found;
}

Result<Bytes> parse_field(const Field &field, std::string_view text)
{
    auto bytes = field_bytes(field, text);
    if (!bytes) {
        return fail("bad value \"" + std::string(text) + "\" of " + std::string(field.name));
    }
    return std::move(*bytes);
}

void put_field(Bytes &header, const Field &field, std::span<const std::uint8_t> value)
{
    for (unsigned i = 0; i < field.bits; i++) {
        // Bit i of the value, counted from its end, goes to bit `place` of the header.
        const std::size_t from = value.size() * 8 - 1 - i;
        const std::size_t place = field.bit + field.bits - 1u - i;
        const unsigned bit = value[from / 8] >> (7 - from % 8) & 1;
        const auto mask = static_cast<std::uint8_t>(0x80u >> place % 8);
        header[place / 8] = static_cast<std::uint8_t>(bit != 0 ? header[place / 8] | mask
                                                               : header[place / 8] & ~mask);
    }
}

void put_number(Bytes &header, const Field &field, std::uint64_t value)
{
    put_field(header, field, big_endian(value, (field.bits + 7u) / 8u));
}

std::optional<Bytes> parse_hex(std::string_view text)
{
    Bytes bytes;
    if (text.size() % 2 != 0) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < text.size(); i += 2) {
        std::uint8_t byte = 0;
        const char *first = text.data() + i;
        if (std::from_chars(first, first + 2, byte, 16).ptr != first + 2) {
            return std::nullopt;
        }
        bytes.push_back(byte);
    }
    return bytes;
}

} // namespace tg::test
