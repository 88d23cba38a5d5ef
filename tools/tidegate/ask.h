// SPDX-License-Identifier: Apache-2.0
// RouterOS commands to the agent, answers to stdout.
#pragma once

#include <string>

#include "control/base/error.h"
#include "control/base/instance.h"

namespace tg::cli {

struct Question {
    std::string text;
    std::string file;    // the text is this file's; for messages
    bool import = false; // all of it or nothing, and nothing is printed
    bool json = false;
    bool recheck = false; // and then as recheck does
};

// Sends the commands and prints what they print; a print with interval= goes on until it is
// interrupted. Error: with the place in the text; nothing has changed then.
Result<void> ask(const Instance &instance, const Question &question);

// Has the connections removed that the rules in force would not open any more, and prints how many.
Result<void> recheck(const Instance &instance, bool json);

// Reads commands line by line from a terminal until its end.
Result<void> converse(const Instance &instance, bool json);

} // namespace tg::cli
