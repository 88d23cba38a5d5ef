// SPDX-License-Identifier: Apache-2.0
// Bytes of a stream to lines of bounded length. Knows no JSON and no socket.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tg::rpc {

struct Line {
    std::string text;      // without its end
    bool too_long = false; // its text is lost
};

// A line longer than the limit is reported once, as soon as it is known to be too long, and the
// rest of it is skipped: memory is bounded by the limit and what is fed at once.
class LineReader {
public:
    explicit LineReader(std::size_t limit) : limit_(limit) {}
    void feed(std::string_view bytes);
    // The next complete line; nullopt: feed more.
    std::optional<Line> next();

private:
    std::size_t limit_;
    std::string buffer_;
    std::size_t begin_ = 0;   // of the first line not given out yet
    std::size_t scanned_ = 0; // no line end between begin_ and here
    bool skipping_ = false;   // inside a line that has been reported as too long
};

// How many bytes of `text`, at most `limit`, end with a whole UTF-8 character; never 0 unless
// `text` is empty.
std::size_t whole_characters(std::string_view text, std::size_t limit);

} // namespace tg::rpc
