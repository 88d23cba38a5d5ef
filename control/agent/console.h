// SPDX-License-Identifier: Apache-2.0
// One client's conversation: the methods of the control socket. A run of commands is one change,
// whole or not at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/agent/engine.h"
#include "control/agent/run_output.h"
#include "control/agent/run_runtime.h"
#include "control/config/execute.h"
#include "control/rpc/server.h"

namespace tg {

class Console final : public rpc::Conversation {
public:
    // `engine` must outlive it.
    Console(Engine &engine, Author author) : engine_(engine), author_(std::move(author)) {}
    rpc::Answer<rpc::Json> call(const std::string &method, const rpc::Json &params,
                                rpc::Output &output) override;

private:
    struct Method;
    static const std::vector<Method> &methods();

    // Runs the commands of `text`, of `file` if it is one; session and item numbers last as long
    // as the connection. `import`: in a session of its own, and nothing is printed.
    rpc::Answer<rpc::Json> run(const rpc::Json &params, rpc::Output &output);
    // Runs the last command of the last run again, which must have been a print.
    rpc::Answer<rpc::Json> repeat(const rpc::Json &params, rpc::Output &output);
    // Does nothing: that it was sent ends a print that follows.
    rpc::Answer<rpc::Json> cancel(const rpc::Json &params, rpc::Output &output);
    // Removes the connections that the rules in force would not open any more.
    rpc::Answer<rpc::Json> recheck(const rpc::Json &params, rpc::Output &output);
    rpc::Answer<rpc::Json> export_all(const rpc::Json &params, rpc::Output &output);
    rpc::Answer<rpc::Json> status(const rpc::Json &params, rpc::Output &output);
    rpc::Answer<rpc::Json> ping(const rpc::Json &params, rpc::Output &output);
    rpc::Answer<rpc::Json> shutdown(const rpc::Json &params, rpc::Output &output);

    rpc::Answer<rpc::Json> import_script(const std::string &text, const std::string &file);
    rpc::Answer<rpc::Json> run_commands(const std::vector<Command> &commands, Session session,
                                        rpc::Output &output);

    Engine &engine_;
    Author author_;
    Session session_;
    std::optional<Command> last_; // to be repeated; only what changes nothing
};

} // namespace tg
