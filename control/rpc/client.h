// SPDX-License-Identifier: Apache-2.0
// The asking end of the control socket: one request at a time, output as it comes.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <poll.h>
#include <string_view>
#include <vector>

#include "control/base/fd.h"
#include "control/rpc/framing.h"
#include "control/rpc/message.h"

namespace tg::rpc {

class Client {
public:
    // Error: nobody listens there, or no privilege.
    static Result<Client> connect(const std::filesystem::path &path);

    // From now on an agent that says nothing for so long has not answered.
    Result<void> wait_no_longer_than(std::chrono::milliseconds time);

    using OnOutput = std::function<void(std::string_view text)>;
    // Waits for the answer. Code::internal: the connection broke. What never ends by itself ends
    // with the first event of one of `ends`.
    Answer<Json> call(
        std::string_view method, const Json &params,
        const OnOutput &on_output = [](std::string_view) {}, std::vector<pollfd> ends = {});

private:
    explicit Client(Fd socket);
    Result<Line> read_line(std::vector<pollfd> &ends);
    // Until something came; tells the agent, once, that one of `ends` was first.
    void wait(std::vector<pollfd> &ends);

    Fd socket_;
    LineReader reader_;
    std::int64_t last_id_ = 0;
};

} // namespace tg::rpc
