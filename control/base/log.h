// SPDX-License-Identifier: Apache-2.0
// The program's log: lines for the administrator, to stderr or to a file of bounded size. The only
// place that knows spdlog.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "control/base/error.h"

namespace tg {

enum class LogLevel { debug, info, warning, error };

// Lines below `lowest` are dropped. Until one of these is called, everything from info goes to
// stderr. Call from one thread, before others log.
void log_to_stderr(const std::string &program, LogLevel lowest = LogLevel::info);
// The folder is made if it is missing.
Result<void> log_to_file(const std::string &path, LogLevel lowest = LogLevel::info);
// Both at once, each in its own form.
Result<void> log_to_stderr_and_file(const std::string &program, const std::string &path,
                                    LogLevel lowest = LogLevel::info);

// One line, from any thread; line ends and other control characters in it are written as "?", so
// that nobody's packet or comment forges a line.
void log_line(LogLevel level, std::string_view line);

template <class... Arguments>
void log_debug(fmt::format_string<Arguments...> format, Arguments &&...arguments)
{
    log_line(LogLevel::debug, fmt::format(format, std::forward<Arguments>(arguments)...));
}
template <class... Arguments>
void log_info(fmt::format_string<Arguments...> format, Arguments &&...arguments)
{
    log_line(LogLevel::info, fmt::format(format, std::forward<Arguments>(arguments)...));
}
template <class... Arguments>
void log_warning(fmt::format_string<Arguments...> format, Arguments &&...arguments)
{
    log_line(LogLevel::warning, fmt::format(format, std::forward<Arguments>(arguments)...));
}
template <class... Arguments>
void log_error(fmt::format_string<Arguments...> format, Arguments &&...arguments)
{
    log_line(LogLevel::error, fmt::format(format, std::forward<Arguments>(arguments)...));
}

} // namespace tg
