// SPDX-License-Identifier: Apache-2.0
// The program itself, with a stand-in for the agent: what it asks, prints and returns.
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <poll.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "control/agent/lock.h"
#include "control/base/instance.h"
#include "control/rpc/server.h"

namespace tg {
namespace {

using rpc::Answer;
using rpc::Json;

// What every client has asked to run, and what it is told.
struct Script {
    std::mutex mutex;
    std::vector<std::string> asked;
    Json answer = Json::object();
    std::string printed;
};

class Actor final : public rpc::Conversation {
public:
    explicit Actor(Script &script) : script_(script) {}
    Answer<Json> call(const std::string & /*method*/, const Json &params,
                      rpc::Output &output) override
    {
        const std::lock_guard lock(script_.mutex);
        script_.asked.push_back(params.value("text", ""));
        if (!script_.printed.empty()) {
            output.write(script_.printed);
        }
        return script_.answer;
    }

private:
    Script &script_;
};

struct Ended {
    int status;
    std::string output;
    std::string errors;
};

class Program : public testing::Test, public rpc::Service {
protected:
    void SetUp() override
    {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "needs root: instances are below /run";
        }
        std::filesystem::create_directories(instance_.run());
        auto server = rpc::Server::listen(control_socket(instance_), *this);
        ASSERT_TRUE(server) << server.error().message;
        server_.emplace(std::move(*server));
        loop_ = std::thread([this] {
            while (!stopping_) {
                pollfd wait = {server_->fd(), POLLIN, 0};
                if (::poll(&wait, 1, 5) > 0) {
                    server_->accept();
                }
            }
        });
    }
    void TearDown() override
    {
        stopping_ = true;
        if (loop_.joinable()) {
            loop_.join();
        }
        server_.reset();
        std::filesystem::remove_all(instance_.run());
        std::filesystem::remove(errors_);
    }
    std::unique_ptr<rpc::Conversation> talk_to(const rpc::Peer & /*peer*/) override
    {
        return std::make_unique<Actor>(script_);
    }
    // Runs a line of the shell in which "tg" stands for the program, and ends it after 10 s.
    Ended shell(const std::string &line) const
    {
        const std::string whole =
            fmt::format("exec 2>{}; tg() {{ timeout -s KILL 10 {} --instance {} \"$@\"; }}; {}",
                        errors_.string(), TG_PROGRAM, instance_.name(), line);
        FILE *pipe = ::popen(whole.c_str(), "r");
        std::string output;
        std::array<char, 4096> buffer;
        for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
            output.append(buffer.data(), got);
        }
        const int status = ::pclose(pipe);
        std::ifstream errors(errors_);
        return {WEXITSTATUS(status), output, {std::istreambuf_iterator<char>(errors), {}}};
    }

    const Instance instance_ = *Instance::named(fmt::format("test-{}", ::getpid()));
    const std::filesystem::path errors_ = fmt::format("/tmp/tg-program-{}", ::getpid());
    Script script_;
    std::optional<rpc::Server> server_;
    std::thread loop_;
    std::atomic<bool> stopping_ = false;
};

TEST_F(Program, TakesWordsAsTheyAre)
{
    EXPECT_EQ(shell("tg /ip firewall filter remove '[find]'").status, 0);
    EXPECT_EQ(shell("tg '/ip firewall filter' add 'comment=\"a, b\"' '[x,y]'").status, 0);
    EXPECT_EQ(shell("tg -j export terse").status, 0);
    EXPECT_EQ(script_.asked, (std::vector<std::string>{
                                 "/ip firewall filter remove [find]",
                                 "/ip firewall filter add comment=\"a, b\" [x,y]",
                                 "export terse",
                             }));
}

TEST_F(Program, EveryMistakeIsStatusOne)
{
    for (const char *line : {"tg --nonsense", "tg import --lenient /dev/null", "tg --mode",
                             "tg import /", "tg import /no/such/file", "tg import"}) {
        const Ended ended = shell(line);
        EXPECT_EQ(ended.status, 1) << line;
        EXPECT_EQ(ended.output, "") << line;
        EXPECT_NE(ended.errors, "") << line;
    }
    EXPECT_TRUE(script_.asked.empty());
}

TEST_F(Program, EndsWithTheReaderOfWhatItRepeats)
{
    script_.answer = {{"repeat-ms", 60000}};
    for (const char *printed : {"1\n", ""}) {
        script_.printed = printed;
        const Ended ended = shell("(tg '/ip firewall filter print interval=1m'; echo $? >&2) | "
                                  "sleep 0.3");
        EXPECT_EQ(ended.errors, "0\n") << "printed: " << printed;
    }
}

TEST_F(Program, EndsWithTheReaderOfALongListing)
{
    script_.printed = std::string(1 << 20, 'x') + "\n";
    EXPECT_EQ(shell("(tg export; echo $? >&2) | head -c 1").errors, "0\n");
    const Ended full = shell("tg export >/dev/full");
    EXPECT_EQ(full.status, 1);
    EXPECT_NE(full.errors.find("No space left"), std::string::npos) << full.errors;
}

TEST_F(Program, SaysThatNoInstanceIsThere)
{
    const Ended ended = shell(TG_PROGRAM " --instance not-there export");
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.errors, "instance not-there is not up: run tidegate up\n");
}

} // namespace
} // namespace tg
