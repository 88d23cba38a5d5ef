// SPDX-License-Identifier: Apache-2.0
#include "tools/tidegate/ask.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "control/agent/lock.h"
#include "control/command/incomplete.h"
#include "control/rpc/client.h"
#include "tools/tidegate/script.h"

namespace tg::cli {
namespace {

constexpr unsigned width_without_terminal = 80;

unsigned terminal_width()
{
    winsize size = {};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : width_without_terminal;
}

rpc::Json params_of(const Question &question)
{
    rpc::Json params = {{"text", question.text},
                        {"json", question.json},
                        {"width", terminal_width()},
                        {"import", question.import}};
    if (!question.file.empty()) {
        params["file"] = question.file;
    }
    return params;
}

// What the answer to `method` prints goes out as it comes; `ends` end what never ends by itself.
rpc::Answer<rpc::Json> call(rpc::Client &client, const char *method, const rpc::Json &params,
                            const std::vector<pollfd> &ends)
{
    Result<void> written;
    const auto print = [&written](std::string_view text) {
        if (written) {
            written = write_out(text);
        }
        if (written) {
            written = flush_out();
        }
    };
    rpc::Answer<rpc::Json> answer = client.call(method, params, print, ends);
    if (written) {
        written = flush_out();
    }
    return written ? std::move(answer) : rpc::refuse(rpc::Code::failed, written.error().message);
}

// What ends a listing with interval= or follow: nobody reads it any more, or the next command is
// there.
constexpr pollfd reader_gone = {.fd = STDOUT_FILENO, .events = 0, .revents = 0};
constexpr pollfd next_command = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};

bool ended_within(std::chrono::milliseconds time, std::vector<pollfd> ends)
{
    return ::poll(ends.data(), ends.size(), static_cast<int>(time.count())) > 0;
}

// The answer, once a listing with interval= has ended. It starts at the top of a terminal's screen,
// and below the last elsewhere.
rpc::Answer<rpc::Json> repeat(rpc::Client &client, rpc::Answer<rpc::Json> answer,
                              const std::vector<pollfd> &ends)
{
    const bool terminal = ::isatty(STDOUT_FILENO) != 0;
    while (answer && answer->is_object() && answer->value("repeat-ms", 0) > 0) {
        if (ended_within(std::chrono::milliseconds(answer->value("repeat-ms", 0)), ends)) {
            return answer;
        }
        if (const Result<void> top = write_out(terminal ? "\033[H\033[J" : ""); !top) {
            return rpc::refuse(rpc::Code::failed, top.error().message);
        }
        answer = call(client, "repeat", rpc::Json::object(), ends);
    }
    return answer;
}

// A command with its continuation lines; nothing at the end of the input.
std::optional<std::string> read_command(std::string_view prompt)
{
    std::string text;
    std::string line;
    do {
        fmt::print("{}", text.empty() ? prompt : "... ");
        std::fflush(stdout);
        if (!std::getline(std::cin, line)) {
            fmt::print("\n");
            return std::nullopt;
        }
        text += (text.empty() ? "" : "\n") + line;
    } while (is_incomplete(text));
    return text;
}

Result<rpc::Client> connect(const Instance &instance)
{
    std::error_code ignored;
    if (!std::filesystem::exists(instance.run(), ignored)) {
        return fail(fmt::format("instance {} is not up: run tidegate up", instance.name()));
    }
    Result<rpc::Client> client = rpc::Client::connect(control_socket(instance));
    if (!client) {
        return fail(fmt::format("no agent of instance {} answers: {}; tidegate up starts one",
                                instance.name(), client.error().message));
    }
    return client;
}

// "checked 120 connections, removed 3: filter-rule 2, nat-rule 1; 4 could not be judged".
std::string recheck_text(const rpc::Json &answer)
{
    std::string text = fmt::format("checked {} connections, removed {}", answer["checked"].dump(),
                                   answer["removed"].dump());
    const char *separator = ": ";
    for (const auto &[cause, count] : answer["causes"].items()) {
        text += fmt::format("{}{} {}", separator, cause, count.dump());
        separator = ", ";
    }
    if (answer["unclear"] != 0) {
        text += fmt::format("; {} could not be judged", answer["unclear"].dump());
    }
    return text + "\n";
}

Result<void> ask_recheck(rpc::Client &client, bool json)
{
    const auto answer = call(client, "recheck", rpc::Json::object(), {});
    if (!answer) {
        return std::unexpected(rpc::to_error(answer.error()));
    }
    return write_out(json ? answer->dump() + "\n" : recheck_text(*answer));
}

} // namespace

Result<void> ask(const Instance &instance, const Question &question)
{
    Result<rpc::Client> client = connect(instance);
    if (!client) {
        return std::unexpected(client.error());
    }
    const std::vector<pollfd> ends = {reader_gone};
    const auto answer = repeat(*client, call(*client, "run", params_of(question), ends), ends);
    if (!answer) {
        return std::unexpected(rpc::to_error(answer.error()));
    }
    return question.recheck ? ask_recheck(*client, question.json) : Result<void>{};
}

Result<void> recheck(const Instance &instance, bool json)
{
    Result<rpc::Client> client = connect(instance);
    if (!client) {
        return std::unexpected(client.error());
    }
    return ask_recheck(*client, json);
}

Result<void> converse(const Instance &instance, bool json)
{
    Result<rpc::Client> client = connect(instance);
    if (!client) {
        return std::unexpected(client.error());
    }
    std::string level;
    for (;;) {
        std::optional<std::string> text =
            read_command(fmt::format("[{}] {}> ", instance.name(), level.empty() ? "/" : level));
        if (!text || *text == "/quit" || *text == "quit") {
            return {};
        }
        const Question question{std::move(*text), "", false, json};
        const std::vector<pollfd> ends = {reader_gone, next_command};
        const auto answer = repeat(*client, call(*client, "run", params_of(question), ends), ends);
        if (!answer) {
            fmt::print(stderr, "{}\n", to_string(rpc::to_error(answer.error())));
            continue;
        }
        level = answer->value("level", level);
    }
}

} // namespace tg::cli
