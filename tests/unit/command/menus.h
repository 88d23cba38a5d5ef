// SPDX-License-Identifier: Apache-2.0
// A small tree of menus for tests of the command language; not the product's.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "control/command/parser.h"
#include "control/command/path.h"

namespace tg::test {

class Menus final : public MenuTree {
public:
    [[nodiscard]] std::string child(std::string_view menu, std::string_view word) const override
    {
        std::vector<std::string_view> names;
        for (const std::string_view path : paths) {
            if (parent_menu(path) == menu) {
                names.push_back(path.substr(menu.size() + 1));
            }
        }
        return meant(names, word);
    }
    [[nodiscard]] std::string verb(std::string_view menu, std::string_view word) const override
    {
        std::vector<std::string_view> names{"export"};
        if (menu.find(' ') != std::string_view::npos) {
            names.insert(names.end(), item_verbs.begin(), item_verbs.end());
        }
        return meant(names, word);
    }
    [[nodiscard]] std::string host_menu(std::string_view path) const override
    {
        return path == "/ip route" || path == "/system" ? std::string(path) + " is the host's"
                                                        : std::string();
    }

private:
    static constexpr std::array<std::string_view, 13> paths{
        "/ip",
        "/ip firewall",
        "/ip firewall filter",
        "/ip firewall nat",
        "/ip firewall raw",
        "/ip firewall connection",
        "/ip firewall connection tracking",
        "/ip firewall service-port",
        "/ip settings",
        "/ipv6",
        "/ipv6 firewall",
        "/interface",
        "/interface list",
    };
    static constexpr std::array<std::string_view, 9> item_verbs{
        "add", "set", "remove", "move", "comment", "print", "find", "enable", "disable"};

    static std::string meant(const std::vector<std::string_view> &names, std::string_view word)
    {
        std::string found;
        for (const std::string_view name : names) {
            if (name == word) {
                return std::string(name);
            }
            if (name.starts_with(word)) {
                if (!found.empty()) {
                    return {};
                }
                found = name;
            }
        }
        return found;
    }
};

// A command on one line: "/ip firewall filter|add|chain=input|!dst-port|numbers=[…]|where".
inline std::string outline(const Command &command)
{
    std::string text = command.menu + "|" + command.verb.text;
    for (const Argument &argument : command.arguments) {
        text += argument.unset ? "|!" : "|";
        text += argument.name.text;
        text += argument.name.text.empty() || argument.unset ? "" : "=";
        text += argument.substitution ? "[" + outline(*argument.substitution) + "]"
                                      : argument.value.text;
    }
    return text + (command.where ? "|where" : "");
}

// All commands of the script, one outline a line, or the error.
inline std::string outline(std::string_view script, std::string level = {})
{
    const auto commands = parse_script(script, Menus{}, level);
    if (!commands) {
        return to_string(commands.error());
    }
    std::string text;
    for (const Command &command : *commands) {
        text += outline(command) + "\n";
    }
    return text + "level " + level;
}

} // namespace tg::test
