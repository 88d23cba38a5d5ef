// SPDX-License-Identifier: Apache-2.0
#include "control/rpc/client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>

#include <fmt/format.h>

#include "control/base/limits.h"
#include "control/rpc/socket.h"

namespace tg::rpc {

Client::Client(Fd socket) : socket_(std::move(socket)), reader_(limit_rpc_line_bytes) {}

Result<Client> Client::connect(const std::filesystem::path &path)
{
    Result<Fd> socket = connect_to(path);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    return Client(std::move(*socket));
}

Result<void> Client::wait_no_longer_than(std::chrono::milliseconds time)
{
    const timeval limit = {.tv_sec = time.count() / 1000, .tv_usec = time.count() % 1000 * 1000};
    if (::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) {
        return fail(fmt::format("cannot limit the wait: {}", std::strerror(errno)));
    }
    return {};
}

void Client::wait(std::vector<pollfd> &ends)
{
    while (!ends.empty()) {
        std::vector<pollfd> all = ends;
        all.push_back({.fd = socket_.get(), .events = POLLIN, .revents = 0});
        if (::poll(all.data(), all.size(), -1) < 0) {
            continue; // a signal
        }
        const bool came = all.back().revents != 0;
        all.pop_back();
        if (std::ranges::any_of(all, [](const pollfd &end) { return end.revents != 0; })) {
            send_all(socket_, notice_line("cancel"));
            ends.clear();
        }
        if (came) {
            return;
        }
    }
}

Result<Line> Client::read_line(std::vector<pollfd> &ends)
{
    std::array<char, 65536> buffer;
    while (true) {
        if (std::optional<Line> line = reader_.next()) {
            return std::move(*line);
        }
        wait(ends);
        const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (size > 0) {
            reader_.feed({buffer.data(), static_cast<std::size_t>(size)});
        } else if (size < 0 && errno == EAGAIN) {
            return fail("the agent does not answer");
        } else if (size == 0 || errno != EINTR) {
            return fail("the agent has closed the connection");
        }
    }
}

Answer<Json> Client::call(std::string_view method, const Json &params, const OnOutput &on_output,
                          std::vector<pollfd> ends)
{
    const Json id = ++last_id_;
    const std::string request = request_line(id, method, params);
    if (request.size() > limit_rpc_line_bytes) {
        return refuse(Code::invalid_request, "too long for one request");
    }
    // An agent that refuses us has said so before it closed: read on if sending fails.
    send_all(socket_, request);
    while (true) {
        const Result<Line> line = read_line(ends);
        if (!line) {
            return refuse(Code::internal, line.error().message);
        }
        const Result<Message> message = parse_message(line->text);
        if (!message) {
            return refuse(Code::internal, message.error().message);
        }
        if (message->is_output) {
            on_output(message->text);
        } else if (message->id == id || message->id.is_null()) {
            return message->answer;
        }
    }
}

} // namespace tg::rpc
