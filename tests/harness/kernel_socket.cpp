// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/kernel_socket.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tests/harness/kernel_clock.h"

namespace tg::test {
namespace {

sockaddr_storage socket_address(const std::string &text, std::uint16_t port, socklen_t &length)
{
    sockaddr_storage storage{};
    if (text.find(':') == std::string::npos) {
        sockaddr_in address{
            .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
        inet_pton(AF_INET, text.c_str(), &address.sin_addr);
        std::memcpy(&storage, &address, length = sizeof address);
    } else {
        sockaddr_in6 address{.sin6_family = AF_INET6,
                             .sin6_port = htons(port),
                             .sin6_flowinfo = 0,
                             .sin6_addr = {},
                             .sin6_scope_id = 0};
        inet_pton(AF_INET6, text.c_str(), &address.sin6_addr);
        std::memcpy(&storage, &address, length = sizeof address);
    }
    return storage;
}

} // namespace

Fd open_socket(const Socket &wanted)
{
    const int family = wanted.local.find(':') == std::string::npos ? AF_INET : AF_INET6;
    Fd fd(socket(family, (wanted.udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0));
    const int one = 1;
    const bool listening = wanted.remote.empty();
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (!listening && setsockopt(fd.get(), IPPROTO_TCP, TCP_REPAIR, &one, sizeof one) != 0) {
        refuse("TCP_REPAIR");
    }
    socklen_t length = 0;
    auto address = socket_address(wanted.local, wanted.local_port, length);
    if (bind(fd.get(), reinterpret_cast<sockaddr *>(&address), length) != 0) {
        refuse("bind to " + wanted.local);
    }
    if (listening) {
        if (!wanted.udp && listen(fd.get(), 1) != 0) {
            refuse("listen");
        }
        return fd;
    }
    address = socket_address(wanted.remote, wanted.remote_port, length);
    if (connect(fd.get(), reinterpret_cast<sockaddr *>(&address), length) != 0) {
        refuse("connect to " + wanted.remote);
    }
    return fd;
}

} // namespace tg::test
