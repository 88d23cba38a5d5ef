// SPDX-License-Identifier: Apache-2.0
// The asking end of the control socket: one request at a time, output as it comes.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "control/base/fd.h"
#include "control/rpc/framing.h"
#include "control/rpc/message.h"

namespace tg::rpc {

class Client {
public:
    // Error: nobody listens there, or no privilege.
    static Result<Client> connect(const std::filesystem::path &path);

    using OnOutput = std::function<void(std::string_view text)>;
    // Waits for the answer. Code::internal: the connection broke.
    Answer<Json> call(
        std::string_view method, const Json &params,
        const OnOutput &on_output = [](std::string_view) {});

private:
    explicit Client(Fd socket);
    Result<Line> read_line();

    Fd socket_;
    LineReader reader_;
    std::int64_t last_id_ = 0;
};

} // namespace tg::rpc
