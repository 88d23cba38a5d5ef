// SPDX-License-Identifier: Apache-2.0
// The specification's command lines, verbatim: specification.rsc means specification.outline.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "tests/unit/command/menus.h"

namespace tg {
namespace {

std::string read_file(const std::filesystem::path &path)
{
    std::ifstream file(path);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Specification, EveryCommandLineIsRead)
{
    const std::filesystem::path script = TG_SPECIFICATION;
    std::filesystem::path golden = script;
    golden.replace_extension(".outline");
    EXPECT_EQ(test::outline(read_file(script)) + "\n", read_file(golden));
}

TEST(Specification, EveryCommandLineIsReadWithDosLineEnds)
{
    const std::filesystem::path script = TG_SPECIFICATION;
    std::string text = read_file(script);
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
        text.replace(at, 1, "\r\n");
    }
    std::filesystem::path golden = script;
    golden.replace_extension(".outline");
    EXPECT_EQ(test::outline(text) + "\n", read_file(golden));
}

TEST(Specification, ConditionsMeanWhatTheSpecificationSays)
{
    const auto row = [](std::string_view property) -> std::optional<Operand> {
        if (property == "protocol") {
            return std::string("tcp");
        }
        return property == "dst-address" ? std::string("192.168.88.100:443")
                                         : std::string("10.0.0.7:50000");
    };
    std::string level;
    const auto commands = parse_script(read_file(TG_SPECIFICATION), test::Menus{}, level);
    ASSERT_TRUE(commands) << to_string(commands.error());
    std::string held;
    for (const Command &command : *commands) {
        if (command.where) {
            held += command.where->matches(row) ? '1' : '0';
        }
    }
    // To 192.168.88.100; tcp; from 10.0.0; from 203.0.113.42; tcp and established.
    EXPECT_EQ(held, "11100");
}

} // namespace
} // namespace tg
