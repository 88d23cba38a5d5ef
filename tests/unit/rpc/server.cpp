// SPDX-License-Identifier: Apache-2.0
// The control socket with real sockets: bad clients do no harm to it or to each other.
#include "control/rpc/server.h"

#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "control/base/limits.h"
#include "control/rpc/client.h"

namespace tg::rpc {
namespace {

class Echo final : public Conversation {
public:
    explicit Echo(std::atomic<std::size_t> &printed) : printed_(printed) {}
    Answer<Json> call(const std::string &method, const Json &params, Output &output) override
    {
        if (method == "echo") {
            return params;
        }
        if (method == "print") {
            const std::string piece(params.value("size", std::size_t{1}), 'x');
            for (std::size_t i = 0; i < params.value("count", std::size_t{1}); i++) {
                if (!output.write(piece)) {
                    return refuse(Code::failed, "nobody reads");
                }
                printed_ += piece.size();
            }
            return Json(true);
        }
        if (method == "follow") {
            output.write("begun");
            output.flush();
            while (output.wanted()) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
            return Json("ended");
        }
        if (method == "throw") {
            throw std::runtime_error("thrown");
        }
        return refuse(Code::unknown_method, "unknown method " + method);
    }

private:
    std::atomic<std::size_t> &printed_;
};

// A server with its own thread, as an agent's loop would serve it.
class ServerTest : public testing::Test, public Service {
protected:
    void SetUp() override
    {
        char folder[] = "/tmp/tg-rpc-XXXXXX";
        folder_ = ::mkdtemp(folder);
        Result<Server> server = Server::listen(path(), *this);
        ASSERT_TRUE(server) << server.error().message;
        server_.emplace(std::move(*server));
        loop_ = std::thread([this] {
            while (!stopping_) {
                pollfd wait = {server_->fd(), POLLIN, 0};
                if (::poll(&wait, 1, 5) > 0) {
                    server_->accept();
                }
                busy_ = server_->busy();
            }
            server_.reset();
        });
    }
    void TearDown() override
    {
        stop();
        std::filesystem::remove_all(folder_);
    }
    std::unique_ptr<Conversation> talk_to(const Peer &peer) override
    {
        EXPECT_EQ(peer.pid, ::getpid());
        return std::make_unique<Echo>(printed_);
    }
    std::filesystem::path path() const
    {
        return folder_ / "control";
    }
    Client client() const
    {
        Result<Client> client = Client::connect(path());
        EXPECT_TRUE(client) << client.error().message;
        return std::move(*client);
    }
    void stop()
    {
        stopping_ = true;
        if (loop_.joinable()) {
            loop_.join();
        }
    }
    // Sends raw bytes and reads `count` lines.
    std::vector<Json> talk(std::string_view bytes, std::size_t count) const
    {
        const Result<Fd> socket = connect_to(path());
        EXPECT_TRUE(socket);
        EXPECT_TRUE(send_all(*socket, bytes));
        return receive(*socket, count);
    }
    static std::vector<Json> receive(const Fd &socket, std::size_t count)
    {
        std::vector<Json> lines;
        LineReader reader(1 << 20);
        while (lines.size() < count) {
            char buffer[4096];
            const ssize_t size = ::recv(socket.get(), buffer, sizeof buffer, 0);
            if (size <= 0) {
                break;
            }
            reader.feed({buffer, static_cast<std::size_t>(size)});
            while (const std::optional<Line> line = reader.next()) {
                lines.push_back(Json::parse(line->text));
            }
        }
        return lines;
    }

    std::filesystem::path folder_;
    std::optional<Server> server_;
    std::thread loop_;
    std::atomic<bool> stopping_ = false;
    std::atomic<bool> busy_ = false;
    std::atomic<std::size_t> printed_ = 0;
};

TEST_F(ServerTest, AnswersWithTheResult)
{
    Client one = client();
    Client two = client();
    EXPECT_EQ(one.call("echo", {{"a", 1}}), Json({{"a", 1}}));
    EXPECT_EQ(two.call("echo", {{"b", "ü"}}), Json({{"b", "ü"}}));
    EXPECT_EQ(one.call("echo", Json::object()), Json::object());
}

TEST_F(ServerTest, EveryUserMayConnectToBeRefused)
{
    struct stat status = {};
    ASSERT_EQ(::stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0666u);
}

TEST(Peers, RootAndTheAgentsOwnUserMayCommand)
{
    EXPECT_TRUE(may_command({.pid = 1, .uid = 0}, 0));
    EXPECT_TRUE(may_command({.pid = 1, .uid = 0}, 1000));
    EXPECT_TRUE(may_command({.pid = 1, .uid = 1000}, 1000));
    EXPECT_FALSE(may_command({.pid = 1, .uid = 1000}, 0));
    EXPECT_FALSE(may_command({.pid = 1, .uid = 1001}, 1000));
}

TEST_F(ServerTest, LivesOnAfterGarbage)
{
    const std::vector<Json> answers = talk("garbage\n\x01\x02\n[1]\n{}\n"
                                           R"({"jsonrpc":"2.0","id":1,"method":"nothing"})"
                                           "\n"
                                           R"({"jsonrpc":"2.0","id":2,"method":"throw"})"
                                           "\n"
                                           R"({"jsonrpc":"2.0","id":3,"method":"echo"})"
                                           "\n",
                                           7);
    ASSERT_EQ(answers.size(), 7u);
    const int codes[] = {-32700, -32700, -32600, -32600, -32601, -32603};
    for (std::size_t i = 0; i < std::size(codes); i++) {
        EXPECT_EQ(answers[i]["error"]["code"], codes[i]) << i;
    }
    EXPECT_EQ(answers[6]["result"], Json::object());
}

TEST_F(ServerTest, NotificationsAreNotAnswered)
{
    const std::vector<Json> answers = talk("{\"jsonrpc\":\"2.0\",\"method\":\"echo\"}\n"
                                           "{\"jsonrpc\":\"2.0\",\"method\":\"nothing\"}\n"
                                           "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"echo\"}\n",
                                           1);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0]["id"], 9);
}

TEST_F(ServerTest, TooLongALineIsRefusedAndTheNextOneServed)
{
    std::string bytes(limit_rpc_line_bytes + 1, 'x');
    bytes += "\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}\n";
    const std::vector<Json> answers = talk(bytes, 2);
    ASSERT_EQ(answers.size(), 2u);
    EXPECT_EQ(answers[0]["error"]["code"], -32600);
    EXPECT_EQ(answers[1]["id"], 1);
}

TEST_F(ServerTest, OutputComesInPiecesBeforeTheAnswer)
{
    std::string text;
    std::size_t pieces = 0;
    const Answer<Json> answer =
        client().call("print", {{"size", 1000}, {"count", 1000}}, [&](std::string_view piece) {
            EXPECT_LE(piece.size(), limit_rpc_chunk_bytes);
            text += piece;
            pieces++;
        });
    EXPECT_EQ(answer, Json(true));
    EXPECT_EQ(text, std::string(1000000, 'x'));
    EXPECT_LE(pieces, 1000000 / (limit_rpc_chunk_bytes - 1) + 1);
}

TEST_F(ServerTest, SlowReaderSuspendsOnlyItsOwnCommand)
{
    const Result<Fd> slow = connect_to(path());
    ASSERT_TRUE(slow);
    ASSERT_TRUE(send_all(*slow, request_line(1, "print", {{"size", 100000}, {"count", 1000}})));
    std::size_t before = 1;
    while (before != printed_) { // until nothing moves any more
        before = printed_;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    EXPECT_LT(before, 10000000u) << "printed 10 of 100 MB that nobody has read";
    EXPECT_EQ(client().call("echo", {{"a", 1}}), Json({{"a", 1}}));
}

TEST_F(ServerTest, LeavingInTheMiddleEndsTheCommand)
{
    {
        const Result<Fd> rude = connect_to(path());
        ASSERT_TRUE(rude);
        ASSERT_TRUE(send_all(*rude, request_line(1, "print", {{"size", 9999}, {"count", 99999}})));
        ASSERT_TRUE(send_all(*rude, "{\"jsonrpc\""));
    }
    EXPECT_EQ(client().call("echo", {{"a", 1}}), Json({{"a", 1}}));
    for (int i = 0; i < 500 && busy_; i++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_FALSE(busy_);
}

TEST_F(ServerTest, ClientsAreBounded)
{
    std::vector<Client> clients;
    for (std::size_t i = 0; i < limit_rpc_clients; i++) {
        clients.push_back(client());
        EXPECT_TRUE(clients.back().call("echo", Json::object())) << i;
    }
    Client one_more = client();
    const Answer<Json> refused = one_more.call("echo", Json::object());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::busy);

    clients.pop_back();
    Answer<Json> answer = refused;
    for (int i = 0; i < 500 && !answer; i++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        answer = client().call("echo", Json::object());
    }
    EXPECT_TRUE(answer);
}

TEST_F(ServerTest, StoppingCutsClientsOff)
{
    Client idle = client();
    EXPECT_TRUE(idle.call("echo", Json::object()));
    const Result<Fd> slow = connect_to(path());
    ASSERT_TRUE(slow);
    ASSERT_TRUE(send_all(*slow, request_line(1, "print", {{"size", 100000}, {"count", 1000}})));
    stop();
    const Answer<Json> answer = idle.call("echo", Json::object());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::internal);
    EXPECT_FALSE(Client::connect(path()));
}

TEST(Sockets, PathMustFit)
{
    const std::string folder = "/tmp/" + std::string(200, 'x');
    EXPECT_FALSE(listen_at(folder));
    EXPECT_FALSE(connect_to(folder));
}

TEST_F(ServerTest, WhatNeverEndsEndsWhenTheClientSaysSo)
{
    int ends[2] = {};
    ASSERT_EQ(::pipe(ends), 0);
    const Fd reading(ends[0]);
    Fd writing(ends[1]);
    Client follower = client();
    // The answer is not there before the client has its reason.
    const auto answer = follower.call("follow", Json::object(),
                                      [&writing](std::string_view text) {
                                          EXPECT_EQ(text, "begun");
                                          writing.reset();
                                      },
                                      {{.fd = reading.get(), .events = POLLIN, .revents = 0}});
    EXPECT_EQ(answer, Json("ended"));
    // What ended it is no request.
    EXPECT_EQ(follower.call("echo", {{"a", 1}}), Json({{"a", 1}}));
}

TEST_F(ServerTest, WhatNeverEndsEndsWithItsClient)
{
    {
        const Result<Fd> socket = connect_to(path());
        ASSERT_TRUE(socket);
        ASSERT_TRUE(send_all(*socket, request_line(1, "follow", Json::object())));
        EXPECT_EQ(receive(*socket, 1).size(), 1u);
        EXPECT_TRUE(busy_);
    }
    for (int i = 0; busy_ && i < 1000; i++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_FALSE(busy_);
}

} // namespace
} // namespace tg::rpc
