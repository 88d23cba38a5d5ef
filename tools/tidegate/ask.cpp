// SPDX-License-Identifier: Apache-2.0
#include "tools/tidegate/ask.h"

#include <cstdio>
#include <iostream>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "control/agent/lock.h"
#include "control/rpc/client.h"

namespace tg::cli {
namespace {

constexpr unsigned width_without_terminal = 80;

unsigned terminal_width()
{
    winsize size = {};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : width_without_terminal;
}

void write_out(std::string_view text)
{
    std::fwrite(text.data(), 1, text.size(), stdout);
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

// A listing with interval= starts at the top of a terminal's screen, and below the last elsewhere.
Result<void> repeat(rpc::Client &client, rpc::Answer<rpc::Json> answer)
{
    const bool terminal = ::isatty(STDOUT_FILENO) != 0;
    while (answer && answer->is_object() && answer->value("repeat-ms", 0) > 0) {
        std::fflush(stdout);
        std::this_thread::sleep_for(std::chrono::milliseconds(answer->value("repeat-ms", 0)));
        write_out(terminal ? "\033[H\033[J" : "");
        answer = client.call("repeat", rpc::Json::object(), write_out);
    }
    if (!answer) {
        return std::unexpected(rpc::to_error(answer.error()));
    }
    return {};
}

} // namespace

Result<void> ask(const Instance &instance, const Question &question)
{
    Result<rpc::Client> client = rpc::Client::connect(control_socket(instance));
    if (!client) {
        return std::unexpected(client.error());
    }
    return repeat(*client, client->call("run", params_of(question), write_out));
}

Result<void> converse(const Instance &instance, bool json)
{
    Result<rpc::Client> client = rpc::Client::connect(control_socket(instance));
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
        const auto answer = client->call(
            "run", params_of({.text = line, .file = {}, .import = false, .json = json}), write_out);
        if (!answer) {
            fmt::print(stderr, "{}\n", to_string(rpc::to_error(answer.error())));
            continue;
        }
        level = answer->value("level", level);
    }
}

} // namespace tg::cli
