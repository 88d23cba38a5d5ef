// SPDX-License-Identifier: Apache-2.0
#include "control/rpc/framing.h"

#include <algorithm>

namespace tg::rpc {

void LineReader::feed(std::string_view bytes)
{
    // What was given out is dropped here and not line by line, so that many short lines cost no
    // more than one long one.
    buffer_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
    buffer_ += bytes;
}

std::optional<Line> LineReader::next()
{
    while (true) {
        const std::size_t end = buffer_.find('\n', scanned_);
        const bool complete = end != std::string::npos;
        const std::size_t length = (complete ? end : buffer_.size()) - begin_;
        if (skipping_) {
            begin_ = scanned_ = complete ? end + 1 : buffer_.size();
            if (!complete) {
                return std::nullopt;
            }
            skipping_ = false;
            continue;
        }
        if (length > limit_) {
            skipping_ = !complete;
            begin_ = scanned_ = complete ? end + 1 : buffer_.size();
            return Line{.text = {}, .too_long = true};
        }
        if (!complete) {
            scanned_ = buffer_.size();
            return std::nullopt;
        }
        Line line{.text = buffer_.substr(begin_, length)};
        begin_ = scanned_ = end + 1;
        return line;
    }
}

std::size_t whole_characters(std::string_view text, std::size_t limit)
{
    if (text.size() <= limit) {
        return text.size();
    }
    // A character has at most three bytes after its first; more of them are no UTF-8 at all.
    constexpr std::size_t longest_tail = 3;
    for (std::size_t back = 0; back <= std::min(longest_tail, limit); back++) {
        const auto first_left_out = static_cast<unsigned char>(text[limit - back]);
        if ((first_left_out & 0xc0) != 0x80 && limit - back > 0) {
            return limit - back;
        }
    }
    return limit;
}

} // namespace tg::rpc
