// SPDX-License-Identifier: Apache-2.0
#include "control/rpc/socket.h"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fmt/format.h>

namespace tg::rpc {
namespace {

Result<sockaddr_un> address_of(const std::filesystem::path &path)
{
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path) {
        return fail(fmt::format("{}: a socket's path has at most {} bytes", path.string(),
                                sizeof address.sun_path - 1));
    }
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    return address;
}

std::unexpected<Error> failed(const std::filesystem::path &path, const char *what)
{
    return fail(fmt::format("{}: cannot {}: {}", path.string(), what, std::strerror(errno)));
}

Result<Fd> new_socket(int flags)
{
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    if (!socket) {
        return fail(fmt::format("cannot make a socket: {}", std::strerror(errno)));
    }
    return socket;
}

} // namespace

bool may_command(const Peer &peer, uid_t own)
{
    return peer.uid == 0 || peer.uid == own;
}

Result<Fd> listen_at(const std::filesystem::path &path)
{
    const Result<sockaddr_un> address = address_of(path);
    if (!address) {
        return std::unexpected(address.error());
    }
    Result<Fd> socket = new_socket(SOCK_NONBLOCK);
    if (!socket) {
        return socket;
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return failed(path, "replace");
    }
    if (::bind(socket->get(), reinterpret_cast<const sockaddr *>(&*address), sizeof *address) !=
        0) {
        return failed(path, "bind");
    }
    if (::chmod(path.c_str(), 0666) != 0) {
        return failed(path, "open for other users");
    }
    if (::listen(socket->get(), SOMAXCONN) != 0) {
        return failed(path, "listen");
    }
    return socket;
}

Result<Fd> connect_to(const std::filesystem::path &path)
{
    const Result<sockaddr_un> address = address_of(path);
    if (!address) {
        return std::unexpected(address.error());
    }
    Result<Fd> socket = new_socket(0);
    if (!socket) {
        return socket;
    }
    const auto *raw = reinterpret_cast<const sockaddr *>(&*address);
    if (::connect(socket->get(), raw, sizeof *address) != 0) {
        return failed(path, "connect");
    }
    return socket;
}

Result<Peer> peer_of(const Fd &socket)
{
    ucred credentials = {};
    socklen_t size = sizeof credentials;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return fail(fmt::format("cannot tell who connects: {}", std::strerror(errno)));
    }
    return Peer{.pid = credentials.pid, .uid = credentials.uid};
}

bool send_all(const Fd &socket, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

} // namespace tg::rpc
