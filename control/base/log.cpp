// SPDX-License-Identifier: Apache-2.0
#include "control/base/log.h"

#include <algorithm>
#include <memory>

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "control/base/limits.h"

namespace tg {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level)
{
    switch (level) {
    case LogLevel::debug:
        return spdlog::level::debug;
    case LogLevel::info:
        return spdlog::level::info;
    case LogLevel::warning:
        return spdlog::level::warn;
    case LogLevel::error:
        return spdlog::level::err;
    }
    return spdlog::level::err;
}

std::shared_ptr<spdlog::logger> stderr_logger(const std::string &program)
{
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    auto logger = std::make_shared<spdlog::logger>(program, std::move(sink));
    logger->set_pattern(program.empty() ? "%l: %v" : "%n: %l: %v");
    return logger;
}

std::shared_ptr<spdlog::logger> &current()
{
    static std::shared_ptr<spdlog::logger> logger = stderr_logger("");
    return logger;
}

} // namespace

void log_to_stderr(const std::string &program, LogLevel lowest)
{
    current() = stderr_logger(program);
    current()->set_level(to_spdlog(lowest));
}

Result<void> log_to_file(const std::string &path, LogLevel lowest)
{
    try {
        auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path, limit_log_bytes,
                                                                           limit_log_files);
        auto logger = std::make_shared<spdlog::logger>("", std::move(sink));
        logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l: %v");
        logger->set_level(to_spdlog(lowest));
        logger->flush_on(spdlog::level::debug);
        current() = std::move(logger);
        return {};
    } catch (const spdlog::spdlog_ex &error) {
        return fail(fmt::format("cannot write the log {}: {}", path, error.what()));
    }
}

Result<void> log_to_stderr_and_file(const std::string &program, const std::string &path,
                                    LogLevel lowest)
{
    const auto to_stderr = stderr_logger(program)->sinks().front();
    if (const Result<void> opened = log_to_file(path, lowest); !opened) {
        return opened;
    }
    to_stderr->set_level(to_spdlog(lowest));
    current()->sinks().push_back(to_stderr);
    return {};
}

void log_line(LogLevel level, std::string_view line)
{
    std::string clean(line);
    std::ranges::replace_if(
        clean, [](unsigned char character) { return character < ' ' || character == 0x7f; }, '?');
    current()->log(to_spdlog(level), "{}", clean);
}

} // namespace tg
