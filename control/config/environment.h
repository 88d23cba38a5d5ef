// SPDX-License-Identifier: Apache-2.0
// What a configuration is judged against: the interfaces that exist in the instance's namespace.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tg {

struct Environment {
    std::map<std::string, std::uint32_t, std::less<>> interfaces; // name → ifindex

    // 0 if there is no such interface (now).
    [[nodiscard]] std::uint32_t ifindex(std::string_view name) const
    {
        const auto found = interfaces.find(name);
        return found == interfaces.end() ? 0 : found->second;
    }
};

} // namespace tg
