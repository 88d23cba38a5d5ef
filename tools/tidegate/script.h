// SPDX-License-Identifier: Apache-2.0
// Reads scripts and writes what is printed: the program's two ends. Knows no command.
#pragma once

#include <string>
#include <string_view>

#include "control/base/error.h"

namespace tg::cli {

// All of it. Error: it cannot be read, or is longer than a script may be.
Result<std::string> read_file(const std::string &path);
// The same of an open file; `name` is for the message.
Result<std::string> read_descriptor(int fd, const std::string &name);

// To standard output. If its reader has gone the program ends at once, as if it had printed all.
// Error: it cannot be written for another reason.
Result<void> write_out(std::string_view text);
Result<void> flush_out();

} // namespace tg::cli
