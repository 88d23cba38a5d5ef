// SPDX-License-Identifier: Apache-2.0
// The parts of a condition: what the parser builds and the evaluation walks. For these two only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <re2/re2.h>

#include "control/base/error.h"
#include "control/base/net.h"
#include "control/base/text.h"
#include "control/command/condition.h"

namespace tg {

enum class Comparison : std::uint8_t {
    truth, // the property alone
    equal,
    unequal,
    less,
    greater,
    at_most,
    at_least,
    match,  // "~"
    within, // "in"
};

// What a property is compared with, read once as everything it could be.
struct Literal {
    std::string text;
    std::optional<bool> boolean;
    std::optional<std::int64_t> number;
    std::optional<Duration> time;
    std::optional<BitRate> rate;
    std::optional<Address> address;
    std::optional<AddressRange> range; // also of one address
    std::unique_ptr<const RE2> regex;  // only for "~"
};

struct Condition::Node {
    struct Term {
        std::string property;
        Position position;
        Comparison comparison = Comparison::truth;
        Literal literal;
    };
    struct Not {
        std::shared_ptr<const Node> part;
    };
    struct Group {
        bool any = false; // one part is enough; else all must hold
        std::vector<std::shared_ptr<const Node>> parts;
    };
    std::variant<Term, Not, Group> content;
};

// Everything `text` can be read as, but for the regular expression.
Literal read_literal(std::string text);
// "0x1F", "-3", "10k", "2M"; nothing if it is no such number or does not fit.
std::optional<std::int64_t> read_number(std::string_view text);
// "1500", "10k", "12.3kbps", "0bps".
std::optional<BitRate> read_rate(std::string_view text);

} // namespace tg
