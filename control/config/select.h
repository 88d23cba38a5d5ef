// SPDX-License-Identifier: Apache-2.0
// Which items a command means: numbers of the last print, ids, names, [find …].
#pragma once

#include <cstdint>
#include <vector>

#include "control/base/error.h"
#include "control/config/context.h"

namespace tg {

// Ids in the order they were named, each once. Error: "no such item" with its place.
Result<std::vector<std::uint32_t>> select_items(Context &context, const Argument &argument);

// The argument that says which items: numbers=, or the first positional one. nullptr: none.
const Argument *find_selection(const Command &command);

// What it selects; an error if there is none.
Result<std::vector<std::uint32_t>> select_numbers(Context &context);

// The [find …] of an argument as a condition on the menu's own rows. Error if it is something else.
Result<void> check_find(const Menu &menu, const Argument &argument);

// Id a text stands for: "*1A", or a number of the menu's last print.
Result<std::uint32_t> read_id(const Context &context, std::string_view text,
                              const Position &position);

} // namespace tg
