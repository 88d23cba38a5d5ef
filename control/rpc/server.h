// SPDX-License-Identifier: Apache-2.0
// The serving end of the control socket: a thread a client, so that a slow reader suspends its own
// command and nobody else's. Checks who connects; knows no method.
#pragma once

#include <atomic>
#include <filesystem>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "control/base/fd.h"
#include "control/rpc/message.h"
#include "control/rpc/socket.h"

namespace tg::rpc {

// What a running request prints. write blocks while the client does not read.
class Output {
public:
    virtual ~Output() = default;
    // False: the client is gone, and nothing that is printed can reach it any more.
    virtual bool write(std::string_view text) = 0;
    // What was written goes out now, however little it is. False as above.
    virtual bool flush() = 0;
    // False: the client is gone, or it has sent something else meanwhile, which ends what never
    // ends by itself.
    [[nodiscard]] virtual bool wanted() const = 0;
};

// One client's side of the service; used by one thread.
class Conversation {
public:
    virtual ~Conversation() = default;
    virtual Answer<Json> call(const std::string &method, const Json &params, Output &output) = 0;
};

// Begins a conversation with each client; used by the server's thread.
class Service {
public:
    virtual ~Service() = default;
    virtual std::unique_ptr<Conversation> talk_to(const Peer &peer) = 0;
};

// All functions are for one thread.
class Server {
public:
    // `service` must outlive it.
    static Result<Server> listen(const std::filesystem::path &path, Service &service);
    Server(Server &&) = default;
    Server &operator=(Server &&) = delete;
    // Stops, and waits for the clients' threads.
    ~Server();

    // Readable when somebody connects: call accept then.
    [[nodiscard]] int fd() const
    {
        return listener_.get();
    }
    void accept();
    // Nobody can connect or ask any more; an answer that is under way still gets out, and a
    // client's thread ends with it.
    void stop();
    // Ends the answers under way, too.
    void cut_off();
    // Whether a client's thread still runs. Gives back what ended ones have used.
    [[nodiscard]] bool busy();

private:
    struct Client {
        Fd socket;
        std::unique_ptr<Conversation> conversation;
        std::atomic<bool> done = false;
        std::thread thread;
    };

    Server(Fd listener, Service &service) : listener_(std::move(listener)), service_(&service) {}
    static void serve(Client &client);
    void refuse_client(const Fd &socket, const Failure &failure);

    Fd listener_;
    Service *service_;
    std::list<Client> clients_;
};

} // namespace tg::rpc
