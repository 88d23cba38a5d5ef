// SPDX-License-Identifier: Apache-2.0
// Reading case files.
#include <algorithm>
#include <array>
#include <fstream>

#include "tests/harness/case.h"
#include "tests/harness/case_words.h"

namespace tg::test {
namespace {

// A "#" at the start of a line or behind a blank begins a comment.
std::string without_comment(const std::string &line)
{
    for (std::size_t i = 0; i < line.size(); i++) {
        if (line[i] == '#' && (i == 0 || line[i - 1] == ' ')) {
            return strip(line.substr(0, i));
        }
    }
    return strip(line);
}

bool has_block(const std::string &word)
{
    return word == "rules" || word == "connections" || word == "events" || word == "log" ||
           word == "rates";
}

bool has_outcome(const std::string &word)
{
    return is_packet(word) || word == "agent";
}

// Adds one line to the case; "" or what is wrong.
std::string add_line(Case &test, const std::string &raw, unsigned number)
{
    constexpr std::array words = {"rules",  "in",          "out",    "wait", "agent",      "sweep",
                                  "socket", "connections", "events", "log",  "lost-lines", "rates",
                                  "count",  "since",       "hosted", "on"};
    std::string line = without_comment(raw);
    const bool indented = raw.starts_with("    ");
    if (!test.steps.empty() && indented && line.starts_with("->")) {
        for (auto step = test.steps.rbegin(); step != test.steps.rend(); step++) {
            if (!has_outcome(step->word) || !step->expected.empty()) {
                break;
            }
            step->expected = strip(line.substr(2));
        }
        return {};
    }
    if (!test.steps.empty() && indented && has_block(test.steps.back().word)) {
        test.steps.back().block.push_back(line);
        return {};
    }
    Step step{.line = number, .word = first_word(line), .text = {}, .block = {}, .expected = {}};
    step.text = line;
    if (std::ranges::find(words, step.word) == words.end()) {
        return "no step \"" + step.word + "\"";
    }
    test.steps.push_back(std::move(step));
    return {};
}

} // namespace

std::string to_string(const Step &step)
{
    std::string text = step.text.empty() ? step.word : step.word + " " + step.text;
    for (const std::string &line : step.block) {
        text += "\n    " + line;
    }
    return text;
}

Result<std::vector<Case>> read_cases(const std::filesystem::path &file)
{
    std::ifstream stream(file);
    std::vector<Case> cases;
    std::string line;
    if (!stream) {
        return fail("cannot read " + file.string());
    }
    for (unsigned number = 1; std::getline(stream, line); number++) {
        const std::string text = without_comment(line);
        if (text.empty()) {
            continue;
        }
        if (text.starts_with("case ")) {
            cases.push_back({strip(text.substr(5)), file, {}});
            continue;
        }
        const std::string wrong =
            cases.empty() ? "a case must begin first" : add_line(cases.back(), line, number);
        if (!wrong.empty()) {
            return fail(wrong, {file.string(), number, 1});
        }
    }
    return cases;
}

std::vector<Case> read_all_cases(const std::filesystem::path &folder)
{
    std::vector<std::filesystem::path> files;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".case") {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    std::vector<Case> all;
    for (const auto &file : files) {
        auto cases = read_cases(file);
        if (!cases) {
            throw std::runtime_error(to_string(cases.error()));
        }
        std::ranges::move(*cases, std::back_inserter(all));
    }
    return all;
}

std::vector<Step> all_packets(const std::filesystem::path &folder)
{
    std::vector<Step> packets;
    for (Case &test : read_all_cases(folder)) {
        std::erase_if(test.steps, [](const Step &step) { return !is_packet(step.word); });
        std::ranges::move(test.steps, std::back_inserter(packets));
    }
    return packets;
}

} // namespace tg::test
