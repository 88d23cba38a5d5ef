// SPDX-License-Identifier: Apache-2.0
// The way back from a value's text to what the lexer reads as that text.
#pragma once

#include <string>
#include <string_view>

namespace tg {

// The text alone if it can stand without quotes, else in quotes with escapes.
std::string quote_if_needed(std::string_view text);
// Always in quotes, as comments are exported.
std::string quote(std::string_view text);

} // namespace tg
