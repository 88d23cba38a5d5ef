// SPDX-License-Identifier: Apache-2.0
// What a configuration is judged against: the interfaces that exist in the instance's namespace,
// and the names that the host's routing tables have.
#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tg {

struct Environment {
    std::map<std::string, std::uint32_t, std::less<>> interfaces; // name → ifindex
    std::map<std::string, std::uint32_t, std::less<>> tables;     // of iproute2's rt_tables

    // 0 if there is no such interface (now).
    [[nodiscard]] std::uint32_t ifindex(std::string_view name) const
    {
        const auto found = interfaces.find(name);
        return found == interfaces.end() ? 0 : found->second;
    }

    // The mark that a routing mark stands for: a number is one itself, a name stands for the number
    // of the routing table it names, no-mark for 0. nullopt: none.
    [[nodiscard]] std::optional<std::uint32_t> routing_mark(std::string_view text) const
    {
        if (text == "no-mark") {
            return 0;
        }
        std::uint32_t number = 0;
        const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc() && rest == text.data() + text.size()) {
            return number == 0 ? std::nullopt : std::optional{number};
        }
        const auto found = tables.find(text);
        return found == tables.end() ? std::nullopt : std::optional{found->second};
    }
};

} // namespace tg
