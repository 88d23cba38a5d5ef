// SPDX-License-Identifier: Apache-2.0
// The value of one property of one item, after parsing.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "control/base/net.h"
#include "control/base/text.h"

namespace tg {

// A protocol number; printed by name.
struct Protocol {
    std::uint8_t number = 0;
    friend bool operator==(const Protocol &, const Protocol &) = default;
};

// Bit 1 << enum tg_connection_state; printed in the order the user wrote is not kept: ABI order.
struct ConnectionStates {
    std::uint8_t mask = 0;
    friend bool operator==(const ConnectionStates &, const ConnectionStates &) = default;
};

// TG_NAT_STATE_*; printed in that order.
struct NatStates {
    std::uint8_t mask = 0;
    friend bool operator==(const NatStates &, const NatStates &) = default;
};

// bool: yes/no. string: names, enums, comments.
struct Value {
    std::variant<bool, std::int64_t, Duration, std::string, AddressRange, std::vector<PortRange>,
                 Protocol, ConnectionStates, NatStates, std::vector<std::string>>
        data = false;
    bool negated = false; // a leading "!"

    friend bool operator==(const Value &, const Value &) = default;
};

} // namespace tg
