// SPDX-License-Identifier: Apache-2.0
#include "tools/tidegate/ask.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "control/agent/lock.h"
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

// What the answer to `method` prints goes out as it comes.
rpc::Answer<rpc::Json> call(rpc::Client &client, const char *method, const rpc::Json &params)
{
    Result<void> written;
    const auto print = [&written](std::string_view text) {
        if (written) {
            written = write_out(text);
        }
    };
    rpc::Answer<rpc::Json> answer = client.call(method, params, print);
    if (written) {
        written = flush_out();
    }
    return written ? std::move(answer) : rpc::refuse(rpc::Code::failed, written.error().message);
}

// Waits, but not for longer than somebody reads what is printed.
bool still_read_after(std::chrono::milliseconds time)
{
    pollfd output = {.fd = STDOUT_FILENO, .events = 0, .revents = 0};
    return ::poll(&output, 1, static_cast<int>(time.count())) <= 0;
}

// A listing with interval= starts at the top of a terminal's screen, and below the last elsewhere.
Result<void> repeat(rpc::Client &client, rpc::Answer<rpc::Json> answer)
{
    const bool terminal = ::isatty(STDOUT_FILENO) != 0;
    while (answer && answer->is_object() && answer->value("repeat-ms", 0) > 0) {
        if (!still_read_after(std::chrono::milliseconds(answer->value("repeat-ms", 0)))) {
            return {};
        }
        if (const Result<void> top = write_out(terminal ? "\033[H\033[J" : ""); !top) {
            return top;
        }
        answer = call(client, "repeat", rpc::Json::object());
    }
    if (!answer) {
        return std::unexpected(rpc::to_error(answer.error()));
    }
    return {};
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

} // namespace

Result<void> ask(const Instance &instance, const Question &question)
{
    Result<rpc::Client> client = connect(instance);
    if (!client) {
        return std::unexpected(client.error());
    }
    return repeat(*client, call(*client, "run", params_of(question)));
}

Result<void> converse(const Instance &instance, bool json)
{
    Result<rpc::Client> client = connect(instance);
    if (!client) {
        return std::unexpected(client.error());
    }
    std::string level;
    std::string line;
    for (;;) {
        fmt::print("[{}] {}> ", instance.name(), level.empty() ? "/" : level);
        std::fflush(stdout);
        if (!std::getline(std::cin, line) || line == "/quit" || line == "quit") {
            fmt::print("\n");
            return {};
        }
        const auto answer = call(
            *client, "run", params_of({.text = line, .file = {}, .import = false, .json = json}));
        if (!answer) {
            fmt::print(stderr, "{}\n", to_string(rpc::to_error(answer.error())));
            continue;
        }
        level = answer->value("level", level);
    }
}

} // namespace tg::cli
