// SPDX-License-Identifier: Apache-2.0
#include "control/command/path.h"

#include <fmt/format.h>

namespace tg {
namespace {

bool is_path_character(char character)
{
    return is_name_character(character) || character == ':';
}

// Follows one word; `target` gets the menu it leads to or the verb it is.
Result<void> follow(Target &target, Word word, const MenuTree &menus)
{
    if (word.text == "..") {
        target.menu = parent_menu(target.menu);
        return {};
    }
    const std::string child = menus.child(target.menu, word.text);
    const std::string verb = menus.verb(target.menu, word.text);
    const bool exact = child == word.text || verb == word.text;
    if (!child.empty() && !verb.empty() && !exact) {
        return fail(
            fmt::format("ambiguous command name {}: expected {} or {}", word.text, child, verb),
            word.position);
    }
    if (!child.empty() && (verb.empty() || child == word.text)) {
        target.menu = child_menu(target.menu, child);
        return {};
    }
    if (!verb.empty()) {
        target.verb = {verb, word.position, false};
        return {};
    }
    std::string reason = menus.host_menu(child_menu(target.menu, word.text));
    if (reason.empty()) {
        reason = fmt::format("bad command name {}", word.text);
    }
    return fail(std::move(reason), word.position);
}

} // namespace

std::string_view parent_menu(std::string_view menu)
{
    const auto last = menu.rfind(' ');
    return last == std::string_view::npos ? std::string_view{} : menu.substr(0, last);
}

std::string child_menu(std::string_view menu, std::string_view name)
{
    return menu.empty() ? fmt::format("/{}", name) : fmt::format("{} {}", menu, name);
}

Result<Target> read_target(Lexer &lexer, const MenuTree &menus, std::string_view level)
{
    lexer.skip_blanks();
    Target target{std::string(level), {{}, lexer.position(), false}, false};
    if (lexer.peek() == '/') {
        target.menu.clear();
        target.written = true;
        lexer.take();
        lexer.skip_blanks();
    }
    while (is_path_character(lexer.peek())) {
        target.written = true;
        if (auto followed = follow(target, lexer.run(is_path_character), menus); !followed) {
            return std::unexpected(std::move(followed.error()));
        }
        if (!target.verb.text.empty()) {
            return target;
        }
        if (lexer.peek() == '/') {
            lexer.take();
        }
        lexer.skip_blanks();
    }
    return target;
}

} // namespace tg
