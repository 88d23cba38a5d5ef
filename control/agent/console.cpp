// SPDX-License-Identifier: Apache-2.0
#include "control/agent/console.h"

#include <algorithm>
#include <array>
#include <unistd.h>

#include <fmt/format.h>

#include "control/base/limits.h"

namespace tg {
namespace {

using rpc::Answer;
using rpc::Code;
using rpc::Json;
using rpc::refuse;

// A member that a method's params may have.
struct Param {
    const char *name;
    Json::value_t type;
    bool required = false;
};

std::string type_name(Json::value_t type)
{
    switch (type) {
    case Json::value_t::string:
        return "a string";
    case Json::value_t::boolean:
        return "true or false";
    default:
        return "a number from 0 on";
    }
}

Answer<void> check_params(const Json &params, const std::vector<Param> &known)
{
    for (const auto &[name, value] : params.items()) {
        const auto param = std::ranges::find(known, name, &Param::name);
        if (param == known.end()) {
            return refuse(Code::invalid_params, fmt::format("unknown parameter {}", name));
        }
        if (value.type() != param->type) {
            return refuse(Code::invalid_params,
                          fmt::format("{}: expected {}", name, type_name(param->type)));
        }
    }
    for (const Param &param : known) {
        if (param.required && !params.contains(param.name)) {
            return refuse(Code::invalid_params, fmt::format("missing parameter {}", param.name));
        }
    }
    return {};
}

// How often connections are looked at because a commit came meanwhile.
constexpr int recheck_tries = 3;

// Verbs that leave everything as it is; "" is a path that changes the level.
constexpr std::array<std::string_view, 5> reading_verbs = {"", "print", "find", "get", "export"};

bool reads_only(const Command &command)
{
    return std::ranges::find(reading_verbs, command.verb.text) != reading_verbs.end();
}

std::unexpected<rpc::Failure> failed(const Error &error)
{
    return std::unexpected(rpc::to_failure(error));
}

} // namespace

struct Console::Method {
    const char *name;
    Answer<Json> (Console::*function)(const Json &params, rpc::Output &output);
    std::vector<Param> params;
};

const std::vector<Console::Method> &Console::methods()
{
    using Type = Json::value_t;
    static const std::vector<Method> table = {
        {"run",
         &Console::run,
         {{"text", Type::string, true},
          {"file", Type::string},
          {"json", Type::boolean},
          {"width", Type::number_unsigned},
          {"import", Type::boolean}}},
        {"repeat", &Console::repeat, {}},
        {"cancel", &Console::cancel, {}},
        {"recheck", &Console::recheck, {}},
        {"export", &Console::export_all, {}},
        {"status", &Console::status, {}},
        {"ping", &Console::ping, {}},
        {"shutdown", &Console::shutdown, {}},
    };
    return table;
}

Answer<Json> Console::call(const std::string &method, const Json &params, rpc::Output &output)
{
    const auto found = std::ranges::find(methods(), method, &Method::name);
    if (found == methods().end()) {
        return refuse(Code::unknown_method, fmt::format("unknown method {}", method));
    }
    if (const Answer<void> good = check_params(params, found->params); !good) {
        return std::unexpected(good.error());
    }
    return (this->*found->function)(params, output);
}

Answer<Json> Console::run(const Json &params, rpc::Output &output)
{
    const auto &text = params["text"].get_ref<const std::string &>();
    const std::string file = params.value("file", std::string());
    if (params.value("import", false)) {
        return import_script(text, file);
    }
    Session session = session_;
    session.json = params.value("json", false);
    session.width = params.value("width", Session().width);
    const Result<std::vector<Command>> commands =
        parse_script(text, menu_tree(), session.level, file);
    if (!commands) {
        return failed(commands.error());
    }
    return run_commands(*commands, std::move(session), output);
}

// Always a commit, if only to arm the firewall. Connections and counters are changed after it, but
// what the script itself sees of them is already without.
Answer<Json> Console::import_script(const std::string &text, const std::string &file)
{
    Session session;
    const Result<std::vector<Command>> commands =
        parse_script(text, menu_tree(), session.level, file);
    if (!commands) {
        return failed(commands.error());
    }
    const std::lock_guard edits(engine_.edits());
    const std::shared_ptr<const Snapshot> start = engine_.snapshot();
    RunRuntime runtime(engine_.runtime(), [] { return false; });
    runtime.know_counters_of(start->config);
    NoSink sink;
    Run run(start->config, start->environment, runtime);
    for (const Command &command : *commands) {
        if (const Result<Duration> done = run.execute(command, session, sink); !done) {
            return failed(done.error());
        }
    }
    const Result<std::uint64_t> revision = engine_.apply({.config = run.config(),
                                                          .reset = runtime.reset(),
                                                          .remove = runtime.removed(),
                                                          .author = author_});
    if (!revision) {
        return failed(revision.error());
    }
    return Json{{"revision", *revision}, {"committed", true}};
}

Answer<Json> Console::run_commands(const std::vector<Command> &commands, Session session,
                                   rpc::Output &output)
{
    const bool changing = !std::ranges::all_of(commands, reads_only);
    std::unique_lock edits(engine_.edits(), std::defer_lock);
    if (changing) {
        edits.lock();
    }
    const std::shared_ptr<const Snapshot> start = engine_.snapshot();
    RunOutput sink(output, changing);
    RunRuntime runtime(engine_.runtime(), [&sink] { return sink.abandoned(); });
    if (changing) {
        runtime.know_counters_of(start->config);
    }
    Run run(start->config, start->environment, runtime);
    Duration repeat = {};
    for (const Command &command : commands) {
        // A single command prints nothing if it fails, so the last one need not be kept back.
        if (!changing && &command == &commands.back()) {
            sink.release();
            runtime.allow_follow([this] { return engine_.follow(); },
                                 [&sink] { return !sink.wanted(); });
        }
        const Result<Duration> done = run.execute(command, session, sink);
        if (!done) {
            return failed(done.error());
        }
        if (sink.overflowed()) {
            return refuse(Code::failed, fmt::format("more than {} bytes of output in a run that "
                                                    "changes something: print on its own",
                                                    limit_held_output));
        }
        repeat = changing ? Duration{} : *done;
    }
    const Change change{.config = run.changed(),
                        .reset = runtime.reset(),
                        .remove = runtime.removed(),
                        .author = author_};
    const Result<std::uint64_t> revision = change.empty() ? start->revision : engine_.apply(change);
    if (!revision) {
        return failed(revision.error());
    }
    if (edits.owns_lock()) {
        edits.unlock();
    }
    session_ = std::move(session);
    last_ = changing || commands.empty() ? std::nullopt : std::optional(commands.back());
    sink.release();
    return Json{{"revision", *revision},
                {"committed", change.config.has_value()},
                {"level", session_.level},
                {"repeat-ms", repeat.count()}};
}

Answer<Json> Console::repeat(const Json &, rpc::Output &output)
{
    if (!last_) {
        return refuse(Code::failed, "there is nothing to repeat");
    }
    return run_commands({*last_}, session_, output);
}

Answer<Json> Console::cancel(const Json &, rpc::Output &)
{
    return Json(true);
}

// The look at all connections may take long and keeps nobody from editing; but what it leads to is
// done only if no commit came between.
Answer<Json> Console::recheck(const Json &, rpc::Output &)
{
    for (int i = 0; i < recheck_tries; i++) {
        const std::uint64_t looked_at = engine_.snapshot()->revision;
        Result<Recheck> result = engine_.recheck();
        if (!result) {
            return failed(result.error());
        }
        const std::lock_guard edits(engine_.edits());
        if (engine_.snapshot()->revision != looked_at) {
            continue;
        }
        const std::size_t removed = result->fallen.size();
        const Result<std::uint64_t> revision = engine_.apply(
            {.config = {}, .reset = {}, .remove = std::move(result->fallen), .author = author_});
        if (!revision) {
            return failed(revision.error());
        }
        return Json{{"revision", *revision},
                    {"checked", result->checked},
                    {"removed", removed},
                    {"unclear", result->unclear},
                    {"causes", result->causes}};
    }
    return refuse(Code::failed, "the configuration changes all the time: nothing was removed");
}

Answer<Json> Console::export_all(const Json &, rpc::Output &output)
{
    output.write(export_config(engine_.snapshot()->config));
    return Json(true);
}

Answer<Json> Console::status(const Json &, rpc::Output &)
{
    return engine_.status();
}

Answer<Json> Console::ping(const Json &, rpc::Output &)
{
    return Json{{"pid", ::getpid()}, {"version", TG_VERSION}};
}

Answer<Json> Console::shutdown(const Json &, rpc::Output &)
{
    engine_.stop();
    return Json(true);
}

} // namespace tg
