// SPDX-License-Identifier: Apache-2.0
// The arguments of print.
#pragma once

#include "control/config/context.h"
#include "control/config/listing.h"

namespace tg {

struct PrintOptions {
    Style style = Style::menu;
    bool dynamic_only = false; // rows that come by themselves; no menu has such yet
    Duration repeat = {};
    bool follow = false; // more rows as they come
    bool listed = true;  // those that are there now
    std::string chain;   // only its rules; empty: of all chains
};

// Error: an option the menu does not have, not built yet, or a condition on an unknown property.
Result<PrintOptions> read_print_options(const Context &context);

// Where the listing's numbers are kept for later commands of the session.
std::vector<std::uint32_t> &fresh_numbers(Context &context);

} // namespace tg
