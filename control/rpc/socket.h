// SPDX-License-Identifier: Apache-2.0
// Unix stream sockets: listening, connecting, who is at the other end, sending all of it. Knows no
// JSON.
#pragma once

#include <filesystem>
#include <string_view>
#include <sys/types.h>

#include "control/base/error.h"
#include "control/base/fd.h"

namespace tg::rpc {

// Who is at the other end, as the kernel says.
struct Peer {
    pid_t pid = 0;
    uid_t uid = 0;
};

// Whether `peer` may command an agent that runs as `own`: the same user, and root.
bool may_command(const Peer &peer, uid_t own);

// A non-blocking listener at `path`; whatever lay there is replaced. Every user may connect, so
// that a refused one is told why.
Result<Fd> listen_at(const std::filesystem::path &path);

// Error: nobody listens, or no privilege.
Result<Fd> connect_to(const std::filesystem::path &path);

Result<Peer> peer_of(const Fd &socket);

// Blocks until the other end has room. False: it is gone.
bool send_all(const Fd &socket, std::string_view bytes);

} // namespace tg::rpc
