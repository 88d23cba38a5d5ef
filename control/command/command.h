// SPDX-License-Identifier: Apache-2.0
// One command as it was written: a menu's path, a verb, its arguments. Knows no menu's meaning.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/base/error.h"
#include "control/command/condition.h"

namespace tg {

// A piece of text with its place; quoted tells "yes" from yes.
struct Word {
    std::string text;
    Position position = {};
    bool quoted = false;
};

struct Command;

// One argument of a verb.
//   name=value     name, value           chain=input, connection-state=!invalid, numbers=0,1
//   name=[find …]  name, substitution
//   value          value                 0, *1A, ftp, count-only
//   [find …]       substitution
//   !name          name, unset           set 0 !dst-port
struct Argument {
    Word name;                                   // empty text: positional
    Word value;                                  // as written, quotes and escapes undone
    bool unset = false;                          // "!name" without a value
    std::shared_ptr<const Command> substitution; // [ … ]; the value is empty then
};

struct Command {
    std::string menu; // canonical: "/ip firewall filter"; "" for the root
    Word verb;        // full name: "add", "print"; "" for a bare path (changes the level)
    std::vector<Argument> arguments;
    std::optional<Condition> where; // after "where", or the terms of find
};

} // namespace tg
