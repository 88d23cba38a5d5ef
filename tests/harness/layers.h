// SPDX-License-Identifier: Apache-2.0
// The protocol headers as tables of fields, so that every bit of a test packet has a name.
// Knows where a field lies and what it is by default; does not build packets.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "control/base/error.h"

namespace tg::test {

using Bytes = std::vector<std::uint8_t>;

// How the text of a field's value is read.
enum class FieldKind : std::uint8_t { number, mac, ipv4, ipv6, tcp_flags };

// What fills a field that the text leaves out: a constant, or a fact about the packet's rest.
enum class Derived : std::uint8_t {
    constant,
    next,          // what follows, by EtherType or IP protocol number
    header_words,  // length of this header in units of 4 bytes
    header_octets, // length of this header in units of 8 bytes, less 1
    header_auth,   // length of an authentication header in units of 4 bytes, less 2
    total,         // bytes of this header and everything behind it
    payload,       // bytes behind this header
    checksum,      // the layer's checksum
};

struct Field {
    std::string_view name;
    std::uint16_t bit;  // from the header's start
    std::uint16_t bits; // 128 for IPv6 addresses
    FieldKind kind = FieldKind::number;
    Derived derived = Derived::constant;
    std::uint64_t value = 0; // of a constant
};

// What the checksum of a layer covers.
enum class Checksum : std::uint8_t {
    none,
    header, // IPv4
    plain,  // ICMP: the message
    pseudo, // TCP, UDP, ICMPv6: the pseudo-header too
    crc32c, // SCTP
};

// A kind of header. `number` is its EtherType or IP protocol number, as the layer above says it.
struct LayerKind {
    std::string_view name;
    std::uint16_t number;
    std::uint16_t size; // without options
    std::span<const Field> fields;
    Checksum checksum = Checksum::none;
    bool network = false;         // an IP header: its parent says the EtherType
    std::uint8_t pad_options = 0; // options are padded to this many bytes; 0: it has none
};

// nullptr if there is no such layer or field.
const LayerKind *find_layer(std::string_view name);
const Field *find_field(const LayerKind &layer, std::string_view name);

// The value's bytes, right-aligned to whole bytes of the field.
Result<Bytes> parse_field(const Field &field, std::string_view text);
// Writes the low bits of `value` where the field lies in `header`.
void put_field(Bytes &header, const Field &field, std::span<const std::uint8_t> value);
void put_number(Bytes &header, const Field &field, std::uint64_t value);

// "0a0b0c", an even number of hexadecimal digits.
std::optional<Bytes> parse_hex(std::string_view text);

} // namespace tg::test
