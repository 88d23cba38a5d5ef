// SPDX-License-Identifier: Apache-2.0
// Somebody who says the next packet of a dialogue between the client on lan and the server on wan,
// and hears what the kernel made of it.
#pragma once

#include <fmt/format.h>
#include <memory>
#include <string>

#include "tests/differential/coverage.h"
#include "tests/differential/tracker.h"
#include "tests/harness/random.h"

namespace tg::test {

// The two hosts, and who else speaks up.
struct Ends {
    bool ipv6 = false;
    std::uint8_t client = 2; // the host's number in its network
    std::uint16_t client_port = 0;
    std::uint16_t server_port = 0;

    [[nodiscard]] std::string host(bool server) const
    {
        if (server) {
            return ipv6 ? "2001:db8:113::2" : "203.0.113.2";
        }
        return ipv6 ? fmt::format("2001:db8:88::{:x}", client)
                    : fmt::format("192.168.88.{}", client);
    }
    // Somebody behind the server's or the client's side who is neither.
    [[nodiscard]] std::string_view stranger(bool server) const
    {
        if (ipv6) {
            return server ? "2001:db8:beef::7" : "2001:db8:88::fe";
        }
        return server ? "198.51.100.7" : "192.168.88.254";
    }
    [[nodiscard]] std::uint16_t port(bool server) const
    {
        return server ? server_port : client_port;
    }
    // "ipv4 src=192.0.2.1 dst=192.0.2.2"
    [[nodiscard]] std::string network(bool from_server) const
    {
        return fmt::format("{} src={} dst={}", ipv6 ? "ipv6" : "ipv4", host(from_server),
                           host(!from_server));
    }
    // Of the TCP connection that the client would open.
    [[nodiscard]] tg_tuple tuple() const;
};

inline Step arrives(bool from_server, const std::string &packet)
{
    return {.word = "in", .text = (from_server ? "wan " : "lan ") + packet};
}

class Talk {
public:
    Talk() = default;
    Talk(const Talk &) = delete;
    Talk &operator=(const Talk &) = delete;
    virtual ~Talk() = default;

    virtual Step next() = 0;
    virtual void hear(const Answer &kernel) = 0;
    // Whether there is no more to be said.
    virtual bool over()
    {
        return false;
    }
};

std::unique_ptr<Talk> tcp_talk(Random &random, Coverage &coverage, const Ends &ends);
// Any other protocol.
std::unique_ptr<Talk> other_talk(Random &random, const Ends &ends);

// An ICMP or ICMPv6 error of either side about a packet: `quoted` is what stands behind that
// packet's IP header, which went to the server or to the client.
Step icmp_error(Random &random, const Ends &ends, bool to_server, const std::string &quoted);

} // namespace tg::test
