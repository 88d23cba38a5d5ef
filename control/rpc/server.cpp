// SPDX-License-Identifier: Apache-2.0
#include "control/rpc/server.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "control/base/limits.h"
#include "control/base/log.h"
#include "control/rpc/framing.h"

namespace tg::rpc {
namespace {

// Output of one request on its way to the client, in chunks.
class ClientOutput final : public Output {
public:
    ClientOutput(const Fd &socket, const Json &id) : socket_(socket), id_(id) {}

    bool write(std::string_view text) override
    {
        while (alive_ && !text.empty()) {
            const std::size_t room = limit_rpc_chunk_bytes - pending_.size();
            pending_ += text.substr(0, room);
            text.remove_prefix(std::min(room, text.size()));
            if (pending_.size() == limit_rpc_chunk_bytes) {
                send(whole_characters(pending_, limit_rpc_chunk_bytes - 1));
            }
        }
        return alive_;
    }

    bool flush() override
    {
        if (!pending_.empty()) {
            send(pending_.size());
        }
        return alive_;
    }

    [[nodiscard]] bool wanted() const override
    {
        pollfd next = {.fd = socket_.get(), .events = POLLIN, .revents = 0};
        return alive_ && ::poll(&next, 1, 0) == 0;
    }

private:
    void send(std::size_t length)
    {
        alive_ = alive_ && send_all(socket_, output_line(id_, pending_.substr(0, length)));
        pending_.erase(0, length);
    }

    const Fd &socket_;
    const Json &id_;
    std::string pending_;
    bool alive_ = true;
};

// A method that throws is a mistake in the program; the server answers and lives on.
Answer<Json> call(Conversation &conversation, const Request &request, Output &output)
{
    try {
        return conversation.call(request.method, request.params, output);
    } catch (const std::exception &error) {
        log_error("method {}: {}", request.method, error.what());
        return refuse(Code::internal, fmt::format("internal error: {}", error.what()));
    }
}

// False: the client is gone.
bool answer(const Fd &socket, Conversation &conversation, const Line &line)
{
    if (line.too_long) {
        const Failure failure{Code::invalid_request,
                              fmt::format("a request has at most {} bytes", limit_rpc_line_bytes),
                              nullptr};
        return send_all(socket, failure_line(nullptr, failure));
    }
    const std::expected<Request, BadRequest> request = parse_request(line.text);
    if (!request) {
        return send_all(socket, failure_line(request.error().id, request.error().failure));
    }
    ClientOutput output(socket, request->id);
    const Answer<Json> result = call(conversation, *request, output);
    if (!output.flush() || !request->wants_answer) {
        return !request->wants_answer;
    }
    return send_all(socket, result ? result_line(request->id, *result)
                                   : failure_line(request->id, result.error()));
}

} // namespace

Result<Server> Server::listen(const std::filesystem::path &path, Service &service)
{
    Result<Fd> listener = listen_at(path);
    if (!listener) {
        return std::unexpected(listener.error());
    }
    return Server(std::move(*listener), service);
}

Server::~Server()
{
    stop();
    cut_off();
    for (Client &client : clients_) {
        client.thread.join();
    }
}

void Server::serve(Client &client)
{
    LineReader reader(limit_rpc_line_bytes);
    std::array<char, 65536> buffer;
    bool alive = true;
    while (alive) {
        while (const std::optional<Line> line = reader.next()) {
            alive = alive && answer(client.socket, *client.conversation, *line);
        }
        const ssize_t size = ::recv(client.socket.get(), buffer.data(), buffer.size(), 0);
        if (size > 0) {
            reader.feed({buffer.data(), static_cast<std::size_t>(size)});
        } else if (size == 0 || errno != EINTR) {
            break;
        }
    }
    // The descriptor itself is closed by the server's thread, which may be about to use it.
    ::shutdown(client.socket.get(), SHUT_RDWR);
    client.conversation.reset();
    client.done = true;
}

void Server::refuse_client(const Fd &socket, const Failure &failure)
{
    // A few bytes into an empty buffer: never blocks.
    const std::string line = failure_line(nullptr, failure);
    ::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Server::accept()
{
    Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            log_warning("cannot accept a client: {}", std::strerror(errno));
        }
        return;
    }
    const Result<Peer> peer = peer_of(socket);
    if (!peer || !may_command(*peer, ::geteuid())) {
        log_warning("refused a client: uid {} pid {}", peer ? peer->uid : 0, peer ? peer->pid : 0);
        return refuse_client(
            socket,
            {Code::denied, "permission denied: only root may command this instance", nullptr});
    }
    if (busy() && clients_.size() >= limit_rpc_clients) {
        return refuse_client(socket, {Code::busy,
                                      fmt::format("busy: {} clients are connected, the most there "
                                                  "can be",
                                                  limit_rpc_clients),
                                      nullptr});
    }
    Client &client = clients_.emplace_back();
    client.socket = std::move(socket);
    client.conversation = service_->talk_to(*peer);
    client.thread = std::thread([&client] { serve(client); });
}

void Server::stop()
{
    listener_.reset();
    for (const Client &client : clients_) {
        ::shutdown(client.socket.get(), SHUT_RD);
    }
}

void Server::cut_off()
{
    for (const Client &client : clients_) {
        ::shutdown(client.socket.get(), SHUT_RDWR);
    }
}

bool Server::busy()
{
    clients_.remove_if([](Client &client) {
        if (!client.done) {
            return false;
        }
        client.thread.join();
        return true;
    });
    return !clients_.empty();
}

} // namespace tg::rpc
