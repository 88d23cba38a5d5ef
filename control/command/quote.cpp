// SPDX-License-Identifier: Apache-2.0
#include "control/command/quote.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "control/command/lexer.h"

namespace tg {
namespace {

void append_escaped(std::string &quoted, char character)
{
    switch (character) {
    case '"':
    case '\\':
    case '$':
        quoted += '\\';
        quoted += character;
        return;
    case '\n':
        quoted += "\\n";
        return;
    case '\r':
        quoted += "\\r";
        return;
    case '\t':
        quoted += "\\t";
        return;
    default:
        break;
    }
    const auto code = static_cast<unsigned char>(character);
    if (code < ' ' || code == 0x7f) {
        fmt::format_to(std::back_inserter(quoted), "\\{:02X}", code);
    } else {
        quoted += character;
    }
}

} // namespace

std::string quote(std::string_view text)
{
    std::string quoted = "\"";
    for (const char character : text) {
        append_escaped(quoted, character);
    }
    return quoted += '"';
}

std::string quote_if_needed(std::string_view text)
{
    const bool plain = !text.empty() && std::ranges::all_of(text, is_value_character) &&
                       text.find('#') == std::string_view::npos;
    return plain ? std::string(text) : quote(text);
}

} // namespace tg
