// SPDX-License-Identifier: Apache-2.0
// Conditions of `where` and `find`: prop=value, ~ regex, in prefix, comparisons, and/or/!, truth of
// a property.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "control/base/error.h"
#include "control/base/text.h"

namespace tg {

// Bits a second.
struct BitRate {
    std::uint64_t bits = 0;
    friend auto operator<=>(const BitRate &, const BitRate &) = default;
};

// A word that has a second name: equal to both, printed as the first.
struct NamedTwice {
    std::string text;
    std::string_view also;
};

// What a property of one row is worth in a condition. monostate: the row does not have it.
// Text is the printed form ("192.0.2.1:443", "established,related").
using Operand =
    std::variant<std::monostate, bool, std::int64_t, Duration, std::string, BitRate, NamedTwice>;

// The row a condition is asked about, by property name. nullopt: no such property in this menu.
using RowView = std::function<std::optional<Operand>(std::string_view property)>;

// A parsed condition; immutable, cheap to copy. Regular expressions are compiled once.
class Condition {
public:
    struct Node;
    explicit Condition(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
    // Whether the row satisfies it. A missing property is false, prints as "", equals only the
    // empty text and is neither less nor greater than anything. An address without a port equals
    // the same address printed with one.
    [[nodiscard]] bool matches(const RowView &row) const;
    // The properties it names, with their places, so that a menu can refuse unknown ones.
    [[nodiscard]] std::vector<std::pair<std::string, Position>> properties() const;
    // `prop=value` terms joined by and, on the top level: lets a reader skip rows early.
    [[nodiscard]] std::optional<std::string> equals(std::string_view property) const;

private:
    std::shared_ptr<const Node> root_;
};

} // namespace tg
