// SPDX-License-Identifier: Apache-2.0
// The words of a case file's lines.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace tg::test {

// Without blanks around it.
inline std::string strip(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

// Takes it off the text.
inline std::string first_word(std::string &text)
{
    const std::size_t end = std::min(text.find(' '), text.size());
    std::string word = text.substr(0, end);
    text = strip(text.substr(end));
    return word;
}

inline bool is_packet(const std::string &word)
{
    return word == "in" || word == "out";
}

} // namespace tg::test
