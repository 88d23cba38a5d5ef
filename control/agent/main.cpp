// SPDX-License-Identifier: Apache-2.0
// tidegated: arguments in, one agent in the foreground until it is told to stop.
#include <CLI/CLI.hpp>
#include <csignal>
#include <fmt/format.h>

#include "control/agent/agent.h"
#include "control/agent/lock.h"
#include "control/agent/netns.h"
#include "control/base/log.h"

namespace {

using namespace tg;

struct Options {
    std::string instance{default_instance};
    std::string netns;
    int ready_fd = -1;
};

// One line to whoever has started us: "ready", or why not.
void tell(int fd, std::string_view line)
{
    if (fd >= 0) {
        const std::string text = fmt::format("{}\n", line);
        [[maybe_unused]] const ssize_t written = ::write(fd, text.data(), text.size());
        ::close(fd);
    }
}

Result<void> serve(const Options &options, bool &ready)
{
    const Result<Instance> instance = Instance::named(options.instance);
    if (!instance) {
        return std::unexpected(instance.error());
    }
    if (!options.netns.empty()) {
        if (const Result<void> entered = enter_netns(options.netns); !entered) {
            return entered;
        }
    }
    const Result<AgentLock> lock = AgentLock::take(*instance);
    if (!lock) {
        return std::unexpected(lock.error());
    }
    if (const Result<void> logging = log_to_stderr_and_file("tidegated", instance->log().string());
        !logging) {
        return logging;
    }
    const Result<std::unique_ptr<Agent>> agent = Agent::start(*instance);
    if (!agent) {
        return std::unexpected(agent.error());
    }
    if (const Result<void> written = write_pid(*instance); !written) {
        return written;
    }
    tell(options.ready_fd, "ready");
    ready = true;
    const Result<void> ended = (*agent)->run();
    std::error_code ignored;
    std::filesystem::remove(agent_pid_file(*instance), ignored);
    return ended;
}

} // namespace

int main(int argc, char **argv)
{
    CLI::App app{"The agent of a Tidegate instance; runs in the foreground"};
    Options options;
    app.add_option("--instance", options.instance, "Instance, \"default\" if not given");
    app.add_option("--netns", options.netns, "Network namespace: a name or a path");
    app.add_option("--ready-fd", options.ready_fd,
                   "Write \"ready\" here once the configuration is in force and clients can "
                   "connect, or else the reason why not");
    app.set_version_flag("--version", std::string("tidegated ") + TG_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        return app.exit(error) == 0 ? 0 : 1;
    }
    ::signal(SIGPIPE, SIG_IGN);
    log_to_stderr("tidegated");
    bool ready = false;
    const Result<void> served = serve(options, ready);
    if (!served) {
        log_error("{}", to_string(served.error()));
        if (!ready) {
            tell(options.ready_fd, to_string(served.error()));
        }
        return 1;
    }
    return 0;
}
