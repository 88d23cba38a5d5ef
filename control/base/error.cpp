// SPDX-License-Identifier: Apache-2.0
#include "control/base/error.h"

#include <fmt/format.h>

namespace tg {

std::string to_string(const Error &error)
{
    const Position &at = error.position;
    if (at.line == 0) {
        return error.message;
    }
    if (at.file.empty()) {
        return fmt::format("{} (line {} column {})", error.message, at.line, at.column);
    }
    return fmt::format("{}:{}:{}: {}", at.file, at.line, at.column, error.message);
}

} // namespace tg
