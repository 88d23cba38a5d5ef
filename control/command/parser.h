// SPDX-License-Identifier: Apache-2.0
// Text to commands: lexes, follows the current menu from line to line, splits path from verb.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/base/error.h"
#include "control/command/command.h"

namespace tg {

// What the parser must know about the menus: nothing but their names.
class MenuTree {
public:
    virtual ~MenuTree() = default;
    // Full name of the child that `word` means below `menu` ("/ip", "fire" → "firewall"):
    // an exact name, or an unambiguous prefix. Empty if there is none.
    [[nodiscard]] virtual std::string child(std::string_view menu, std::string_view word) const = 0;
    // Full name of the verb that `word` means in `menu`, likewise. Empty if there is none.
    [[nodiscard]] virtual std::string verb(std::string_view menu, std::string_view word) const = 0;
    // The whole error message if `path` is a menu of RouterOS that the host owns instead of us
    // (/ip address, /system …). Empty if it is not. Asked word by word, only for unknown words.
    [[nodiscard]] virtual std::string host_menu(std::string_view path) const = 0;
};

// All commands of `text`. `level` is the menu that relative paths start from ("" is the root) and
// ends as the menu the text leaves behind. `file` is put into positions. The first error ends it.
Result<std::vector<Command>> parse_script(std::string_view text, const MenuTree &menus,
                                          std::string &level, std::string_view file = {});

} // namespace tg
