// SPDX-License-Identifier: Apache-2.0
// A cursor over the text of a script: line ends, continuation lines, comments, words and strings.
// Knows no grammar; the parsers ask it for what they expect next.
#pragma once

#include <cstddef>
#include <string_view>

#include "control/base/error.h"
#include "control/command/command.h"

namespace tg {

// What an unquoted value may hold; quote.h quotes everything else.
bool is_value_character(char character);
// What the name of a property in a condition may hold.
bool is_name_character(char character);

class Lexer {
public:
    // `text` and `file` must outlive the lexer and hold no NUL.
    Lexer(std::string_view text, std::string_view file);

    // The next character; '\0' at the end, '\n' for every kind of line end. Continuations ("\" at
    // the end of a line with the leading blanks of the next) are never seen.
    [[nodiscard]] char peek() const;
    // The one after it: '&' of "&&".
    [[nodiscard]] char peek_second() const;
    void take();
    [[nodiscard]] Position position() const;

    // Skips blanks and a comment, inside brackets and parentheses also line ends. Whether there
    // were any. Only for where a token may start: elsewhere "#" is no comment.
    bool skip_blanks();
    // The same after "=", where a "#" begins a value unless a blank stands before it.
    void skip_blanks_before_value();
    // Skips everything that may stand between two commands.
    void skip_separators();
    // Whether, after blanks, the command or the substitution ends here. Takes nothing more.
    bool at_command_end();

    // The longest run of accepted characters, perhaps empty.
    Word run(bool (*accepts)(char));
    // "…" with its escapes undone.
    Result<Word> string();
    // A string, a run of value characters, or "!" and a string. Empty if none stands here.
    Result<Word> value();

    // Takes the bracket that stands here; fails if the nesting is too deep.
    Result<void> open();
    // Takes the bracket that ends what `opened` began, or says what was expected.
    Result<void> close(char bracket, const Position &opened);

private:
    [[nodiscard]] char raw(std::size_t ahead = 0) const;
    [[nodiscard]] std::size_t line_end_length(std::size_t index) const;
    void advance();
    void skip_line_end_and_indent();
    void skip_continuations();
    Result<char> escape();

    std::string_view text_;
    std::string_view file_;
    std::size_t index_ = 0;
    std::size_t line_start_ = 0;
    unsigned line_ = 1;
    unsigned depth_ = 0;    // brackets of any kind that are open
    unsigned brackets_ = 0; // those of them in which a line end is a blank
};

} // namespace tg
