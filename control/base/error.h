// SPDX-License-Identifier: Apache-2.0
// What went wrong, where, and the one way functions report it.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace tg {

// A place in a text a user wrote. Lines and columns count from 1, columns in bytes; line 0 means
// "nowhere in particular". The file is empty for text typed as an argument or at a prompt.
struct Position {
    std::string file;
    unsigned line = 0;
    unsigned column = 0;

    friend bool operator==(const Position &, const Position &) = default;
};

// A message says what was found and what was expected; it does not repeat the position.
struct Error {
    std::string message;
    Position position = {};

    friend bool operator==(const Error &, const Error &) = default;
};

// Functions that can fail return Result<T>. Three ways to deal with one:
//   if (!result) return std::unexpected(result.error());   hand it on
//   if (!result) return fail("more context: …");           say it better
//   result.value_or(…)                                     go on without it
template <class T = void> using Result = std::expected<T, Error>;

// Builds the failing side of any Result.
inline std::unexpected<Error> fail(std::string message, Position position = {})
{
    return std::unexpected(Error{std::move(message), std::move(position)});
}

// "message (line 1 column 7)", "file.rsc:3:12: message", or the bare message without a position.
std::string to_string(const Error &error);

} // namespace tg
