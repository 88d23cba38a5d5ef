// SPDX-License-Identifier: Apache-2.0
#include "control/command/lexer.h"

#include <array>
#include <string>

#include <fmt/format.h>

#include "control/base/limits.h"

namespace tg {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

struct Escape {
    char letter;
    char meaning;
};

constexpr std::array escapes{
    Escape{'"', '"'},  Escape{'\\', '\\'}, Escape{'$', '$'},  Escape{'?', '?'},
    Escape{'_', ' '},  Escape{'n', '\n'},  Escape{'r', '\r'}, Escape{'t', '\t'},
    Escape{'a', '\a'}, Escape{'b', '\b'},  Escape{'f', '\f'}, Escape{'v', '\v'},
};

bool is_blank(char character)
{
    return character == ' ' || character == '\t';
}

bool is_alphanumeric(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9');
}

// -1 unless it is a digit or a capital A to F.
int hex_value(char character)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto found = digits.find(character);
    return found == std::string_view::npos || character == '\0' ? -1 : static_cast<int>(found);
}

bool is_control(char character)
{
    const auto code = static_cast<unsigned char>(character);
    return code < ' ' || code == 0x7f;
}

std::string_view bracket_name(char bracket)
{
    switch (bracket) {
    case ']':
        return "bracket";
    case ')':
        return "parenthesis";
    default:
        return "brace";
    }
}

} // namespace

bool is_value_character(char character)
{
    constexpr std::string_view marks = ".,:/-_!~+*@%#";
    // Bytes of non-ASCII letters stand for themselves.
    return is_alphanumeric(character) || (static_cast<unsigned char>(character) & 0x80) != 0 ||
           (character != '\0' && marks.find(character) != std::string_view::npos);
}

bool is_name_character(char character)
{
    return is_alphanumeric(character) || character == '-' || character == '_' || character == '.';
}

Lexer::Lexer(std::string_view text, std::string_view file) : text_(text), file_(file)
{
    if (text_.starts_with(byte_order_mark)) {
        text_.remove_prefix(byte_order_mark.size());
    }
    skip_continuations();
}

char Lexer::raw(std::size_t ahead) const
{
    return index_ + ahead < text_.size() ? text_[index_ + ahead] : '\0';
}

// 0 if no line ends at `index`.
std::size_t Lexer::line_end_length(std::size_t index) const
{
    if (index >= text_.size()) {
        return 0;
    }
    if (text_[index] == '\r') {
        return index + 1 < text_.size() && text_[index + 1] == '\n' ? 2 : 1;
    }
    return text_[index] == '\n' ? 1 : 0;
}

// One character or one line end, without regard to what follows.
void Lexer::advance()
{
    if (const auto length = line_end_length(index_); length > 0) {
        index_ += length;
        ++line_;
        line_start_ = index_;
    } else if (index_ < text_.size()) {
        ++index_;
    }
}

void Lexer::skip_line_end_and_indent()
{
    advance();
    while (is_blank(raw())) {
        advance();
    }
}

void Lexer::skip_continuations()
{
    while (raw() == '\\' && line_end_length(index_ + 1) > 0) {
        advance();
        skip_line_end_and_indent();
    }
}

char Lexer::peek() const
{
    return line_end_length(index_) > 0 ? '\n' : raw();
}

char Lexer::peek_second() const
{
    Lexer ahead = *this;
    ahead.take();
    return ahead.peek();
}

void Lexer::take()
{
    advance();
    skip_continuations();
}

Position Lexer::position() const
{
    return {std::string(file_), line_, static_cast<unsigned>(index_ - line_start_ + 1)};
}

bool Lexer::skip_blanks()
{
    const std::size_t start = index_;
    while (is_blank(peek()) || (brackets_ > 0 && peek() == '\n') || peek() == '#') {
        if (peek() != '#') {
            take();
            continue;
        }
        // A comment cannot be continued: a "\" in it is text.
        while (index_ < text_.size() && line_end_length(index_) == 0) {
            advance();
        }
    }
    return index_ != start;
}

void Lexer::skip_blanks_before_value()
{
    if (peek() != '#') {
        skip_blanks();
    }
}

void Lexer::skip_separators()
{
    skip_blanks();
    while (peek() == '\n' || peek() == ';') {
        take();
        skip_blanks();
    }
}

bool Lexer::at_command_end()
{
    skip_blanks();
    const char next = peek();
    if (brackets_ > 0) {
        return next == '\0' || next == ']';
    }
    return next == '\0' || next == '\n' || next == ';' || next == '}';
}

Word Lexer::run(bool (*accepts)(char))
{
    Word word{{}, position(), false};
    while (accepts(peek())) {
        word.text += peek();
        take();
    }
    return word;
}

// At a backslash; nothing but a continuation yields '\0'.
Result<char> Lexer::escape()
{
    const Position start = position();
    advance();
    if (line_end_length(index_) > 0) {
        skip_line_end_and_indent();
        return '\0';
    }
    const char letter = raw();
    for (const Escape &known : escapes) {
        if (known.letter == letter) {
            advance();
            return known.meaning;
        }
    }
    const int high = hex_value(letter);
    const int low = hex_value(raw(1));
    if (high < 0 || low < 0 || high + low == 0) {
        return fail("syntax error: expected one of \\\" \\\\ \\$ \\? \\_ \\n \\r \\t \\a \\b \\f "
                    "\\v or two capital hexadecimal digits after the backslash",
                    start);
    }
    advance();
    advance();
    return static_cast<char>(high * 16 + low);
}

Result<Word> Lexer::string()
{
    Word word{{}, position(), true};
    advance();
    while (raw() != '"') {
        if (index_ >= text_.size()) {
            return fail("syntax error: string without closing quote", word.position);
        }
        if (raw() == '\\') {
            const auto character = escape();
            if (!character) {
                return std::unexpected(character.error());
            }
            if (*character != '\0') {
                word.text += *character;
            }
            continue;
        }
        const char next = raw(1);
        if (raw() == '$' && (is_alphanumeric(next) || next == '(' || next == '[' || next == '{')) {
            return fail("syntax error: variables are not supported, write \\$ for a dollar sign",
                        position());
        }
        const bool line_end = line_end_length(index_) > 0;
        if (is_control(raw()) && raw() != '\t' && !line_end) {
            return fail("syntax error: control character in a string, write it as \\XX",
                        position());
        }
        word.text += line_end ? '\n' : raw();
        advance();
    }
    take();
    return word;
}

Result<Word> Lexer::value()
{
    if (peek() == '"') {
        return string();
    }
    Word word = run(is_value_character);
    if (word.text == "!" && peek() == '"') {
        auto rest = string();
        if (!rest) {
            return rest;
        }
        word.text += rest->text;
    }
    return word;
}

Result<void> Lexer::open()
{
    if (depth_ == limit_nesting) {
        return fail(fmt::format("syntax error: nested deeper than {} levels", limit_nesting),
                    position());
    }
    ++depth_;
    brackets_ += peek() == '{' ? 0 : 1;
    take();
    return {};
}

Result<void> Lexer::close(char bracket, const Position &opened)
{
    skip_blanks();
    if (peek() == '\0') {
        return fail(fmt::format("syntax error: no closing {} for this", bracket_name(bracket)),
                    opened);
    }
    if (peek() != bracket) {
        return fail(fmt::format("syntax error: expected closing {}", bracket_name(bracket)),
                    position());
    }
    --depth_;
    brackets_ -= bracket == '}' ? 0 : 1;
    take();
    return {};
}

} // namespace tg
