// SPDX-License-Identifier: Apache-2.0
// Addresses, ranges and ports as values; their text is RouterOS's and inet_ntop's.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "control/base/error.h"
#include "tidegate/addr.h"

namespace tg {

enum class Family : std::uint8_t { ipv4 = TG_FAMILY_IPV4, ipv6 = TG_FAMILY_IPV6 };

// An address of either family, in the ABI's form (IPv4 as ::ffff:a.b.c.d, network order).
struct Address {
    tg_addr raw = {};

    [[nodiscard]] bool is_ipv4() const;
    friend bool operator==(const Address &a, const Address &b);
    friend std::strong_ordering operator<=>(const Address &a, const Address &b);
};

// "192.0.2.1" or "2001:db8::1"; the family must be the one asked for.
Result<Address> parse_address(std::string_view text, Family family);
std::string to_string(const Address &address);

// Every address from low to high, both included, both of one family.
struct AddressRange {
    Address low;
    Address high;

    friend bool operator==(const AddressRange &, const AddressRange &) = default;
};

// IPv4: a, a/len, a/mask (contiguous), a-b. IPv6: a, a/len. Host bits of a prefix are cleared, as
// RouterOS does. Error: what was expected, in the words of the console.
Result<AddressRange> parse_address_range(std::string_view text, Family family);
// Canonical text: the address alone, else the prefix if the range is one, else "low-high".
std::string to_string(const AddressRange &range);

// Host order, both ends included, low <= high.
struct PortRange {
    std::uint16_t low = 0;
    std::uint16_t high = 0;

    friend bool operator==(const PortRange &, const PortRange &) = default;
};

// "22", "1000-2000", "22,80,8000-8100"; at most TG_LIMIT_PORT_RANGES entries.
Result<std::vector<PortRange>> parse_ports(std::string_view text);
std::string to_string(const std::vector<PortRange> &ports);

// "tcp" or "6" → 6, by the names RouterOS knows. to text: the name if there is one, else the
// number.
Result<std::uint8_t> parse_protocol(std::string_view text);
std::string protocol_name(std::uint8_t protocol);

} // namespace tg
