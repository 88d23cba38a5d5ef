// SPDX-License-Identifier: Apache-2.0
#include "control/command/parser.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "control/base/limits.h"
#include "control/command/condition_parser.h"
#include "control/command/lexer.h"
#include "control/command/path.h"

namespace tg {
namespace {

// Verbs whose arguments may end with a condition; find needs no "where" before it.
constexpr std::array<std::string_view, 3> verbs_with_where{"find", "print", "export"};

constexpr std::string_view end_expected = "expected end of command";

std::unexpected<Error> end_expected_at(const Lexer &lexer)
{
    return fail(std::string(end_expected), lexer.position());
}

class ScriptParser {
public:
    ScriptParser(std::string_view text, std::string_view file, const MenuTree &menus)
        : menus_(menus), lexer_(text, file)
    {
    }

    // Commands up to the end of the text, or of the block if `braced`.
    Result<void> commands(std::string &level, bool braced);
    std::vector<Command> take_commands()
    {
        return std::move(commands_);
    }

private:
    Result<void> statement(std::string &level);
    Result<void> block(const std::string &level);
    Result<void> keep(Command command);
    Result<void> arguments(Command &command);
    Result<Argument> argument(const std::string &menu);
    Result<void> named_value(Argument &argument, const std::string &menu);
    Result<void> substitution(Argument &argument, const std::string &menu);
    bool take_where();

    const MenuTree &menus_;
    Lexer lexer_;
    std::vector<Command> commands_;
};

Result<void> ScriptParser::commands(std::string &level, bool braced)
{
    while (true) {
        lexer_.skip_separators();
        if (lexer_.peek() == '\0' || (lexer_.peek() == '}' && braced)) {
            return {};
        }
        if (auto read = statement(level); !read) {
            return read;
        }
    }
}

// A command, a path that changes the level, or a block with or without a path before it.
Result<void> ScriptParser::statement(std::string &level)
{
    auto target = read_target(lexer_, menus_, level);
    if (!target) {
        return std::unexpected(std::move(target.error()));
    }
    if (target->verb.text.empty() && lexer_.peek() == '{') {
        return block(target->menu);
    }
    if (!target->written) {
        return fail("syntax error", lexer_.position());
    }
    Command command{std::move(target->menu), std::move(target->verb), {}, {}};
    if (!command.verb.text.empty()) {
        if (auto read = arguments(command); !read) {
            return read;
        }
    } else if (lexer_.at_command_end()) {
        level = command.menu;
    } else {
        return end_expected_at(lexer_);
    }
    return keep(std::move(command));
}

Result<void> ScriptParser::block(const std::string &level)
{
    const Position opened = lexer_.position();
    if (auto entered = lexer_.open(); !entered) {
        return entered;
    }
    std::string inner = level;
    if (auto read = commands(inner, true); !read) {
        return read;
    }
    if (auto left = lexer_.close('}', opened); !left) {
        return left;
    }
    return lexer_.at_command_end() ? Result<void>{} : end_expected_at(lexer_);
}

Result<void> ScriptParser::keep(Command command)
{
    if (commands_.size() == limit_commands) {
        return fail(fmt::format("expected at most {} commands", limit_commands),
                    std::move(command.verb.position));
    }
    commands_.push_back(std::move(command));
    return {};
}

// Takes the word where, if it stands here.
bool ScriptParser::take_where()
{
    Lexer ahead = lexer_;
    if (ahead.run(is_value_character).text != "where" || ahead.peek() == '=') {
        return false;
    }
    lexer_ = ahead;
    return true;
}

Result<void> ScriptParser::arguments(Command &command)
{
    const bool conditional =
        std::ranges::find(verbs_with_where, command.verb.text) != verbs_with_where.end();
    const bool only_condition = command.verb.text == "find";
    while (true) {
        const bool separated = lexer_.skip_blanks();
        if (lexer_.at_command_end()) {
            return {};
        }
        if (!separated || command.where) {
            return end_expected_at(lexer_);
        }
        const Position place = lexer_.position();
        if (const bool where = take_where(); where || only_condition) {
            if (!conditional) {
                return fail(std::string(end_expected), place);
            }
            auto condition = parse_condition(lexer_);
            if (!condition) {
                return std::unexpected(std::move(condition.error()));
            }
            command.where = std::move(*condition);
            continue;
        }
        if (command.arguments.size() == limit_arguments) {
            return fail(fmt::format("expected at most {} arguments", limit_arguments), place);
        }
        auto read = argument(command.menu);
        if (!read) {
            return std::unexpected(std::move(read.error()));
        }
        command.arguments.push_back(std::move(*read));
    }
}

Result<Argument> ScriptParser::argument(const std::string &menu)
{
    Argument argument;
    if (lexer_.peek() == '[') {
        auto read = substitution(argument, menu);
        return read ? Result<Argument>(std::move(argument)) : std::unexpected(read.error());
    }
    auto word = lexer_.value();
    if (!word) {
        return std::unexpected(std::move(word.error()));
    }
    if (!word->quoted && (word->text.empty() || word->text == "!")) {
        return fail(std::string(end_expected), std::move(word->position));
    }
    if (!word->quoted && lexer_.peek() == '=' && !word->text.starts_with('!')) {
        argument.name = std::move(*word);
        auto read = named_value(argument, menu);
        return read ? Result<Argument>(std::move(argument)) : std::unexpected(read.error());
    }
    if (!word->quoted && word->text.starts_with('!')) {
        word->text.erase(0, 1);
        argument.unset = true;
        argument.name = std::move(*word);
        return argument;
    }
    argument.value = std::move(*word);
    return argument;
}

// At the "=". Blanks may follow it, not precede it; nothing after it is the empty text.
Result<void> ScriptParser::named_value(Argument &argument, const std::string &menu)
{
    lexer_.take();
    lexer_.skip_blanks_before_value();
    if (lexer_.peek() == '[') {
        return substitution(argument, menu);
    }
    auto value = lexer_.value();
    if (!value) {
        return std::unexpected(std::move(value.error()));
    }
    argument.value = std::move(*value);
    if (argument.value.text.empty() && !argument.value.quoted && !lexer_.at_command_end()) {
        const bool script = lexer_.peek() == '$' || lexer_.peek() == '(';
        return fail(script ? "syntax error: variables and expressions are not supported"
                           : "syntax error: expected a value",
                    lexer_.position());
    }
    return {};
}

// [command]: relative paths in it start from the command's own menu.
Result<void> ScriptParser::substitution(Argument &argument, const std::string &menu)
{
    argument.value.position = lexer_.position();
    if (auto entered = lexer_.open(); !entered) {
        return entered;
    }
    auto target = read_target(lexer_, menus_, menu);
    if (!target) {
        return std::unexpected(std::move(target.error()));
    }
    if (target->verb.text.empty()) {
        return fail("syntax error: expected a command", lexer_.position());
    }
    Command command{std::move(target->menu), std::move(target->verb), {}, {}};
    if (auto read = arguments(command); !read) {
        return read;
    }
    argument.substitution = std::make_shared<const Command>(std::move(command));
    return lexer_.close(']', argument.value.position);
}

// What no part of the grammar has to think about afterwards.
Result<void> check_text(std::string_view text, std::string_view file)
{
    if (text.size() > limit_script_bytes) {
        return fail(fmt::format("expected a script of at most {} bytes", limit_script_bytes),
                    {std::string(file), 1, 1});
    }
    unsigned line = 1;
    std::size_t start = 0;
    for (std::size_t index = 0; index < text.size(); ++index) {
        const char character = text[index];
        const auto place = [&] {
            return Position{std::string(file), line, static_cast<unsigned>(index - start + 1)};
        };
        if (character == '\0') {
            return fail("syntax error: NUL character", place());
        }
        if (character == '\n' || (character == '\r' && text.substr(index + 1, 1) != "\n")) {
            ++line;
            start = index + 1;
        } else if (character != '\r' && index - start == limit_line_bytes) {
            return fail(fmt::format("expected lines of at most {} bytes", limit_line_bytes),
                        place());
        }
    }
    return {};
}

} // namespace

Result<std::vector<Command>> parse_script(std::string_view text, const MenuTree &menus,
                                          std::string &level, std::string_view file)
{
    if (auto checked = check_text(text, file); !checked) {
        return std::unexpected(std::move(checked.error()));
    }
    ScriptParser parser(text, file, menus);
    std::string reached = level;
    if (auto read = parser.commands(reached, false); !read) {
        return std::unexpected(std::move(read.error()));
    }
    level = std::move(reached);
    return parser.take_commands();
}

} // namespace tg
