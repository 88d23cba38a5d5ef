// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/transcript.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "control/command/parser.h"
#include "control/config/edit.h"
#include "control/config/execute.h"
#include "tests/golden/fake_runtime.h"

namespace tg::test {
namespace {

constexpr std::string_view prompt = "> ";
constexpr std::string_view directive = "@ ";
constexpr std::string_view case_mark = "== ";
constexpr std::string_view comment = "% ";

class TextSink final : public Sink {
public:
    void write(std::string_view piece) override
    {
        text += piece;
    }
    std::string text;
};

std::vector<std::string> lines_of(std::string_view text)
{
    std::vector<std::string> lines;
    std::istringstream stream{std::string(text)};
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

// Everything but what a script does not say.
Config without_ids(Config config)
{
    for (auto &[menu, items] : config.menus) {
        for (Item &item : items) {
            item.id = 0;
            item.counter = 0;
        }
    }
    config.next_id = 0;
    config.cooling.clear();
    config.marks = {};
    return config;
}

class Console {
public:
    Console()
    {
        std::uint32_t ifindex = 1;
        for (const char *name : {"ether1", "ether2", "lan0", "wan0"}) {
            environment_.interfaces[name] = ifindex++;
        }
        environment_.tables = {{"main", 254}, {"isp1", 101}};
    }
    // What the console prints for one command or directive.
    std::string run(const std::string &input);
    std::string direct(const std::string &words);
    [[nodiscard]] std::string round_trip() const;

private:
    std::string import(const std::string &input);
    std::string load(const std::string &input);

    Config config_;
    Environment environment_;
    FakeRuntime runtime_;
    Session session_;
};

std::string error_line(const Error &error)
{
    return fmt::format("! {}\n", to_string(error));
}

std::string Console::run(const std::string &input)
{
    const auto commands = parse_script(input, menu_tree(), session_.level);
    if (!commands) {
        return error_line(commands.error());
    }
    std::string printed;
    for (const Command &command : *commands) {
        TextSink sink;
        auto outcome = execute(command, config_, environment_, runtime_, session_, sink);
        if (!outcome) {
            return printed + sink.text + error_line(outcome.error());
        }
        printed += sink.text;
        if (outcome->repeat != Duration{}) {
            printed += fmt::format("(again after {})\n", to_string(outcome->repeat));
        }
        if (outcome->config) {
            config_ = settle(config_, std::move(*outcome->config));
        }
    }
    return printed;
}

// A file of the user: one change, with the datapath.
std::string Console::import(const std::string &input)
{
    Session session;
    const auto commands = parse_script(input, menu_tree(), session.level);
    if (!commands) {
        return error_line(commands.error());
    }
    NoSink sink;
    Run run(config_, environment_, runtime_);
    for (const Command &command : *commands) {
        if (const auto done = run.execute(command, session, sink); !done) {
            return error_line(done.error());
        }
    }
    config_ = settle(config_, run.config());
    return {};
}

// A file of ours, before there is a datapath.
std::string Console::load(const std::string &input)
{
    auto config = apply_script(input, "", config_, environment_, session_, Strictness::saved);
    if (!config) {
        return error_line(config.error());
    }
    config_ = settle(config_, std::move(*config));
    return {};
}

std::string Console::direct(const std::string &words)
{
    std::istringstream stream(words);
    std::string name;
    stream >> name >> std::ws;
    std::string rest;
    std::getline(stream, rest);
    std::ranges::replace(rest, '|', '\n');
    if (name == "json") {
        session_.json = rest == "on";
    } else if (name == "width") {
        session_.width = static_cast<unsigned>(std::stoul(rest));
    } else if (name == "vanish") {
        environment_.interfaces.erase(rest);
    } else if (name == "appear") {
        environment_.interfaces[rest] = 99;
    } else if (name == "session") {
        session_ = Session{};
    } else if (name == "import") {
        return import(rest);
    } else if (name == "saved") {
        return load(rest);
    } else if (name == "connection") {
        const auto added = runtime_.add(rest);
        return added ? std::string() : error_line(added.error());
    } else if (name == "event") {
        const auto added = runtime_.add_event(rest);
        return added ? std::string() : error_line(added.error());
    } else if (name == "counter") {
        std::istringstream numbers(rest);
        std::uint32_t counter = 0;
        tg_counter value = {};
        numbers >> counter >> value.packets >> value.bytes;
        runtime_.counters[counter] = value;
    } else {
        return fmt::format("! no such directive: {}\n", name);
    }
    return {};
}

std::string Console::round_trip() const
{
    const std::string text = export_config(config_);
    Session session;
    auto again = apply_script(text, "export", {}, environment_, session, Strictness::saved);
    if (!again) {
        return fmt::format("! export cannot be read: {}\n{}", to_string(again.error()), text);
    }
    if (without_ids(*again) != without_ids(config_) || export_config(*again) != text) {
        return fmt::format("! export does not make the same configuration:\n{}", text);
    }
    return {};
}

} // namespace

CaseFile read_cases(std::string_view text)
{
    CaseFile file;
    for (const std::string &line : lines_of(text)) {
        if (line.starts_with(case_mark)) {
            file.cases.push_back({line.substr(case_mark.size()), {}});
        }
        (file.cases.empty() ? file.preamble : file.cases.back().text) += line + "\n";
    }
    return file;
}

std::string replay(const Case &session)
{
    Console console;
    const auto lines = lines_of(session.text);
    std::string transcript = lines.front() + "\n";
    for (std::size_t index = 1; index < lines.size(); ++index) {
        const std::string &line = lines[index];
        if (line.starts_with(comment)) {
            transcript += line + "\n";
        } else if (line.starts_with(directive)) {
            transcript += line + "\n" + console.direct(line.substr(directive.size()));
        } else if (line.starts_with(prompt)) {
            transcript += line + "\n";
            std::string input = line.substr(prompt.size());
            while (input.ends_with('\\') && index + 1 < lines.size()) {
                transcript += lines[++index] + "\n";
                input += "\n" + lines[index].substr(prompt.size());
            }
            transcript += console.run(input);
        }
    }
    transcript += console.round_trip();
    // Cases are set apart by one empty line.
    return transcript + (session.text.ends_with("\n\n") ? "\n" : "");
}

} // namespace tg::test
