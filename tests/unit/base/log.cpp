// SPDX-License-Identifier: Apache-2.0
#include "control/base/log.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <unistd.h>

#include "control/base/limits.h"

namespace tg {
namespace {

class Log : public testing::Test {
protected:
    void SetUp() override
    {
        folder_ = std::filesystem::temp_directory_path() /
                  ("tidegate-unit-log-" + std::to_string(getpid()));
        std::filesystem::remove_all(folder_);
    }
    void TearDown() override
    {
        log_to_stderr("test");
        std::filesystem::remove_all(folder_);
    }
    [[nodiscard]] std::string path() const
    {
        return folder_ / "logs" / "default.log";
    }
    [[nodiscard]] std::string content() const
    {
        std::ifstream file(path());
        return {std::istreambuf_iterator<char>(file), {}};
    }

    std::filesystem::path folder_;
};

TEST_F(Log, WritesLinesOfTheLevelsAskedFor)
{
    ASSERT_TRUE(log_to_file(path(), LogLevel::warning));
    log_debug("debug {}", 1);
    log_info("info {}", 2);
    log_warning("warning {}", 3);
    log_error("error {}", 4);
    const std::string text = content();
    EXPECT_EQ(text.find("info 2"), std::string::npos);
    EXPECT_NE(text.find(" warning: warning 3\n"), std::string::npos) << text;
    EXPECT_NE(text.find(" error: error 4\n"), std::string::npos) << text;
}

TEST_F(Log, LetsNobodyForgeALine)
{
    ASSERT_TRUE(log_to_file(path()));
    log_line(LogLevel::info, "comment \"a\n2026-01-01 error: forged {}\x1b[31m\"");
    const std::string text = content();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
    EXPECT_NE(text.find("comment \"a?2026-01-01 error: forged {}?[31m\""), std::string::npos)
        << text;
}

TEST_F(Log, SaysWhyAFileCannotBeWritten)
{
    const auto opened = log_to_file("/proc/tidegate/default.log");
    ASSERT_FALSE(opened);
    EXPECT_TRUE(opened.error().message.starts_with("cannot write the log /proc/tidegate/"))
        << opened.error().message;
}

TEST_F(Log, IsOfBoundedSize)
{
    ASSERT_TRUE(log_to_file(path()));
    const std::string line(limit_log_bytes / 4, 'x');
    for (std::size_t count = 0; count < 4 * (limit_log_files + 3); ++count) {
        log_line(LogLevel::info, line);
    }
    std::size_t files = 0;
    for (const auto &entry : std::filesystem::directory_iterator(folder_ / "logs")) {
        EXPECT_LE(entry.file_size(), limit_log_bytes);
        ++files;
    }
    EXPECT_EQ(files, limit_log_files + 1);
}

} // namespace
} // namespace tg
