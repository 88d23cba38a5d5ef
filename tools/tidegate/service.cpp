// SPDX-License-Identifier: Apache-2.0
#include "tools/tidegate/service.h"

#include <csignal>
#include <functional>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "control/agent/lock.h"
#include "control/rpc/client.h"
#include "tools/tidegate/process.h"

namespace tg::cli {
namespace {

constexpr std::chrono::seconds start_patience{30};
constexpr std::chrono::seconds stop_patience{5};
constexpr std::chrono::milliseconds poll_interval{20};

// Others may not even look into the folders.
Result<void> check_root()
{
    if (::geteuid() != 0) {
        return fail("this needs root: run it with sudo");
    }
    return {};
}

std::vector<std::string> loader_arguments(const char *verb, const Instance &instance,
                                          const std::string &netns)
{
    std::vector<std::string> arguments = {verb, "--instance", instance.name()};
    if (!netns.empty()) {
        arguments.insert(arguments.end(), {"--netns", netns});
    }
    return arguments;
}

Result<std::string> loader(const char *verb, const Instance &instance,
                           const std::string &netns = {}, std::vector<std::string> more = {})
{
    std::vector<std::string> arguments = loader_arguments(verb, instance, netns);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program("tidegate-loader", arguments);
}

bool waits_for(const std::function<bool()> &done)
{
    const auto end = std::chrono::steady_clock::now() + stop_patience;
    while (!done()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::sleep_for(poll_interval);
    }
    return true;
}

// Asks it to stop, then tells it, then ends it; the lock says when it is gone, so that no other
// process is ever hit.
Result<void> stop_agent(const Instance &instance)
{
    const auto gone = [&] { return !running_agent(instance); };
    if (gone()) {
        return {};
    }
    if (Result<rpc::Client> client = rpc::Client::connect(control_socket(instance))) {
        const auto unprinted = [](std::string_view) {};
        if (client->call("shutdown", rpc::Json::object(), unprinted) && waits_for(gone)) {
            return {};
        }
    }
    for (const int number : {SIGTERM, SIGKILL}) {
        if (const std::optional<pid_t> pid = running_agent(instance); pid) {
            ::kill(*pid, number);
        }
        if (waits_for(gone)) {
            return {};
        }
    }
    return fail("the agent does not end");
}

Result<void> start_agent(const Instance &instance, const std::string &netns)
{
    std::vector<std::string> arguments = {"--instance", instance.name()};
    if (!netns.empty()) {
        arguments.insert(arguments.end(), {"--netns", netns});
    }
    return start_detached("tidegated", arguments, start_patience);
}

Result<void> remove_tree(const std::filesystem::path &path)
{
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) {
        return fail(fmt::format("cannot remove {}: {}", path.string(), error.message()));
    }
    return {};
}

// The pins are gone with the mount; whatever else is below the run folder was ours alone.
Result<void> take_apart(const Instance &instance)
{
    if (const Result<void> stopped = stop_agent(instance); !stopped) {
        return stopped;
    }
    if (const Result<std::string> detached = loader("detach", instance); !detached) {
        return std::unexpected(detached.error());
    }
    return remove_tree(instance.run());
}

// Undoes what `up` began; its own troubles are added to the reason.
std::unexpected<Error> undo(const Instance &instance, bool was_loaded, bool had_agent, Error reason)
{
    Result<void> undone;
    if (!was_loaded) {
        undone = take_apart(instance);
    } else if (!had_agent) {
        undone = stop_agent(instance);
    }
    if (!undone) {
        reason.message += "; " + undone.error().message;
    }
    return std::unexpected(std::move(reason));
}

} // namespace

Result<void> up(const UpRequest &request)
{
    const Instance &instance = request.instance;
    if (const Result<void> allowed = check_root(); !allowed) {
        return allowed;
    }
    const bool was_loaded = std::filesystem::exists(instance.bpffs() / "maps");
    const bool had_agent = running_agent(instance).has_value();
    if (const auto loaded = loader("load", instance, request.netns); !loaded) {
        return std::unexpected(loaded.error());
    }
    if (!had_agent) {
        if (const Result<void> started = start_agent(instance, request.netns); !started) {
            return undo(instance, was_loaded, had_agent, started.error());
        }
    }
    if (request.interfaces.empty()) {
        return {};
    }
    std::vector<std::string> more = {"--mode", request.mode};
    more.insert(more.end(), request.interfaces.begin(), request.interfaces.end());
    if (const auto attached = loader("attach", instance, request.netns, more); !attached) {
        return undo(instance, was_loaded, had_agent, attached.error());
    }
    return {};
}

Result<std::string> down(const Instance &instance, bool purge)
{
    if (const Result<void> allowed = check_root(); !allowed) {
        return std::unexpected(allowed.error());
    }
    const bool there = std::filesystem::exists(instance.run());
    if (there) {
        if (const Result<void> apart = take_apart(instance); !apart) {
            return std::unexpected(apart.error());
        }
    }
    if (purge) {
        for (const std::filesystem::path &path :
             {instance.etc(), instance.state(), instance.log()}) {
            if (const Result<void> removed = remove_tree(path); !removed) {
                return std::unexpected(removed.error());
            }
        }
    }
    return there ? std::string{} : fmt::format("instance {} is not up\n", instance.name());
}

} // namespace tg::cli
