// SPDX-License-Identifier: Apache-2.0
// One conversation between two hosts: what either end says next, mostly as a real one would.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/differential/hosts.h"
#include "tests/harness/random.h"

namespace tg::test {

class Flow {
public:
    // Two of the hosts, any protocol; the ports come from so few that flows meet.
    explicit Flow(Random &random);

    struct Said {
        bool reply = false; // from the server
        std::string text;   // the L4 header and its payload
    };
    Said next(Random &random);
    // As something the flow might have said, for an ICMP error to quote: "ipv4 … | tcp … | data 8".
    std::string quote(Random &random, bool reply) const;

    [[nodiscard]] const Host &from(bool reply) const
    {
        return reply ? *server_ : *client_;
    }
    [[nodiscard]] bool ipv6() const
    {
        return ipv6_;
    }
    [[nodiscard]] bool datagrams() const
    {
        return kind_ == Kind::udp;
    }
    // The header without a payload; "type" and "flags" as the direction wants them.
    [[nodiscard]] std::string header(bool reply, std::string_view flags = "A") const;

private:
    enum class Kind : std::uint8_t { tcp, udp, echo, other };
    Said next_tcp(Random &random);

    Kind kind_ = Kind::tcp;
    const Host *client_ = nullptr;
    const Host *server_ = nullptr;
    bool ipv6_ = false;
    std::uint32_t client_port_ = 0; // or the identifier of an echo
    std::uint32_t server_port_ = 0;
    std::string_view protocol_; // the layer of Kind::other
    std::string_view script_;   // what is still to come: ">S <SA >A"
    std::string_view whole_;
};

} // namespace tg::test
