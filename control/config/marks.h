// SPDX-License-Identifier: Apache-2.0
// The numbers of marks: rules and listings have names, the datapath has numbers. Which rule sets or
// asks for a mark is not its business.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tg {

// The name that stands for no mark at all, number 0.
inline constexpr std::string_view no_mark = "no-mark";

// Connection marks and packet marks share their numbers. A number is given out once: connections
// carry it for as long as they live, whatever becomes of the rules.
class Marks {
public:
    // Has `name` a number? no-mark has one.
    [[nodiscard]] std::optional<std::uint32_t> number(std::string_view name) const;
    // The mark's name; empty if nobody has named it, or no more.
    [[nodiscard]] std::string name(std::uint32_t number) const;
    // Gives `name` a number unless it has one.
    void add(std::string_view name);
    // Gives it this one, as it had before. False: it is taken, or 0, or the name has another.
    bool restore(std::string_view name, std::uint32_t number);
    void remove(std::string_view name);

    [[nodiscard]] const std::map<std::string, std::uint32_t, std::less<>> &all() const
    {
        return numbers_;
    }
    // The number the next new mark gets.
    [[nodiscard]] std::uint32_t next() const
    {
        return next_;
    }
    // Numbers below are not given out any more.
    void skip_to(std::uint32_t next);

    friend bool operator==(const Marks &, const Marks &) = default;

private:
    std::map<std::string, std::uint32_t, std::less<>> numbers_;
    std::map<std::uint32_t, std::string> names_;
    std::uint32_t next_ = 1;
};

} // namespace tg
