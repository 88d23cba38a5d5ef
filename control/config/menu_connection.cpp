// SPDX-License-Identifier: Apache-2.0
// The connection table: rows of the running datapath, to be read and removed.
#include <array>

#include "control/config/menu.h"
#include "tidegate/conn.h"

namespace tg {
namespace {

constexpr std::array<std::string_view, 4> connection_verbs{"remove", "print", "find", "get"};

constexpr std::array connection_flags{
#define TG_X(name, letter, text) Flag{letter, text, TG_CONN_FLAG_BIT_##name},
    TG_CONN_FLAGS(TG_X)
#undef TG_X
};

} // namespace

Menu make_connection_menu(std::string_view path, Family family)
{
    return {
        .path = path,
        .kind = MenuKind::connections,
        .family = family,
        .properties = {},
        .verbs = connection_verbs,
        .flags = connection_flags,
        .form = Form::columns,
        .columns = {"protocol", "src-address", "dst-address", "tcp-state", "timeout", "orig-rate",
                    "repl-rate", "orig-packets", "repl-packets", "orig-bytes", "repl-bytes"},
        .narrow_numbers = true,
    };
}

} // namespace tg
