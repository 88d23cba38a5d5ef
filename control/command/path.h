// SPDX-License-Identifier: Apache-2.0
// Where a command goes: path words, in either style, and the verb after them.
#pragma once

#include <string>
#include <string_view>

#include "control/base/error.h"
#include "control/command/command.h"
#include "control/command/lexer.h"
#include "control/command/parser.h"

namespace tg {

struct Target {
    std::string menu;
    Word verb;           // empty: only a path was written
    bool written = true; // false: not even a path
};

// Reads "/ip firewall filter add", "/ip/firewall/filter/add", "filter add", ".." or nothing, from
// the menu `level`. Leaves the lexer behind the verb or the last word of the path.
Result<Target> read_target(Lexer &lexer, const MenuTree &menus, std::string_view level);

// "/ip firewall" of "/ip firewall filter", "" of "/ip" and of "".
std::string_view parent_menu(std::string_view menu);
// "/ip" and "firewall" → "/ip firewall"; "" and "ip" → "/ip".
std::string child_menu(std::string_view menu, std::string_view name);

} // namespace tg
