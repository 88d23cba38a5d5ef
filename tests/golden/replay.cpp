// SPDX-License-Identifier: Apache-2.0
// Replays every case of every *.case file. TG_GOLDEN_UPDATE=1 writes the files anew instead, to be
// read before they are committed.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/golden/transcript.h"

namespace tg::test {
namespace {

std::string read_file(const std::filesystem::path &path)
{
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

void update(const std::filesystem::path &path, const CaseFile &file)
{
    std::ofstream stream(path);
    stream << file.preamble;
    for (const Case &session : file.cases) {
        stream << replay(session);
    }
}

class Golden : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(Golden, ComesOutAsItStands)
{
    const CaseFile file = read_cases(read_file(GetParam()));
    ASSERT_FALSE(file.cases.empty());
    if (std::getenv("TG_GOLDEN_UPDATE") != nullptr) {
        update(GetParam(), file);
        return;
    }
    for (const Case &session : file.cases) {
        EXPECT_EQ(replay(session), session.text) << "case: " << session.name;
    }
}

std::vector<std::filesystem::path> case_files()
{
    std::vector<std::filesystem::path> paths;
    for (const auto &entry : std::filesystem::directory_iterator(TG_CASES)) {
        if (entry.path().extension() == ".case") {
            paths.push_back(entry.path());
        }
    }
    return paths;
}

std::string test_name(const ::testing::TestParamInfo<std::filesystem::path> &info)
{
    std::string name = info.param.stem().string();
    for (char &character : name) {
        character = character == '-' ? '_' : character;
    }
    return name;
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, ::testing::ValuesIn(case_files()), test_name);

} // namespace
} // namespace tg::test
