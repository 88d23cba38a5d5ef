// SPDX-License-Identifier: Apache-2.0
// One revision of the configuration: who made it, when, its text, and what text does not say (rule
// ids, counters). To JSON and back; touches no file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "control/base/error.h"
#include "control/config/config.h"

namespace tg {

struct Author {
    std::uint32_t uid = 0;
    std::string name;

    friend bool operator==(const Author &, const Author &) = default;
};

struct Revision {
    std::uint64_t number = 0; // from 1 on, never given out twice
    std::int64_t time = 0;    // seconds since 1970
    Author author;
    std::string text; // the configuration as export prints it
    Config config;    // the same with ids and counters

    friend bool operator==(const Revision &, const Revision &) = default;
};

// Error: text that is not UTF-8.
Result<std::string> to_json(const Revision &revision);
// Error: not JSON, a member missing or of another type, text that is no configuration, or ids
// that do not fit the text. `file` names it in the error.
Result<Revision> revision_from_json(std::string_view json, std::string_view file);

} // namespace tg
