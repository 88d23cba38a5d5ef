// SPDX-License-Identifier: Apache-2.0
#include "control/command/incomplete.h"

#include <cstddef>

namespace tg {
namespace {

constexpr std::string_view opening = "([{";
constexpr std::string_view closing = ")]}";
// A "#" behind one of these begins a comment.
constexpr std::string_view token_ends = " \t\r\n;([{";

bool is_one_of(std::string_view set, char character)
{
    return set.find(character) != std::string_view::npos;
}

// The index behind the string that begins at `start`; npos if it does not end.
std::size_t after_string(std::string_view text, std::size_t start)
{
    for (std::size_t index = start + 1; index < text.size(); ++index) {
        if (text[index] == '"') {
            return index + 1;
        }
        index += text[index] == '\\' ? 1 : 0;
    }
    return std::string_view::npos;
}

bool begins_comment(std::string_view text, std::size_t index)
{
    return text[index] == '#' && (index == 0 || is_one_of(token_ends, text[index - 1]));
}

} // namespace

bool is_incomplete(std::string_view text)
{
    std::size_t open = 0;
    for (std::size_t index = 0; index < text.size();) {
        const char character = text[index];
        if (begins_comment(text, index)) {
            const std::size_t end = text.find('\n', index);
            if (end == std::string_view::npos) {
                return open > 0;
            }
            index = end;
        } else if (character == '"') {
            index = after_string(text, index);
            if (index == std::string_view::npos) {
                return true;
            }
        } else if (character == '\\' && index + 1 == text.size()) {
            return true;
        } else {
            open += is_one_of(opening, character) ? 1 : 0;
            open -= open > 0 && is_one_of(closing, character) ? 1 : 0;
            ++index;
        }
    }
    return open > 0;
}

} // namespace tg
