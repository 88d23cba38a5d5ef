// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/flow.h"

#include <algorithm>
#include <array>

namespace tg::test {
namespace {

// ">": the client's segment, "<": the server's; the letters are its flags.
constexpr std::array<std::string_view, 10> scripts = {
    ">S <SA >A >PA <A <PA >A >FA <A <FA >A",
    ">S <SA >A >PA <FA >A >FA <A",
    ">S <SA >A >FA <FA >A <A",
    ">S <RA",
    ">S >S <SA >A <PA >R",
    ">S <S >SA <SA >A <A",
    ">S <SA >PA <PA >PA <PA >A",
    ">SEC <SAE >A >PAU <R",
    ">S <SA >A <FA >FA <A",
    ">S <SA >A >FA <FA >FA <FA >A <A",
};

// What a host that is confused or means ill might send; half of it cannot be.
constexpr std::array<std::string_view, 16> odd_flags = {"S",      "SA",  "A",  "PA", "FA", "R",
                                                        "RA",     "F",   "-",  "SF", "SR", "FPU",
                                                        "SFRPAU", "SAU", "RU", "SU"};

// What may come when all was said.
constexpr std::array<std::string_view, 6> late_flags = {"R", "RA", "A", "FA", "SA", "S"};

// Edges of the MTUs of the topology for both families, among ordinary sizes.
constexpr std::array<unsigned, 14> sizes = {0,    0,    1,    20,   100,  536,  1220,
                                            1221, 1240, 1241, 1440, 1460, 1461, 2000};

constexpr std::array<std::string_view, 6> others = {"gre",
                                                    "esp",
                                                    "sctp src-port=1000 dst-port=80",
                                                    "udp-lite src-port=1000 dst-port=80",
                                                    "sctp src-port=80 dst-port=1000",
                                                    "esp spi=2"};

std::string payload(Random &random)
{
    const unsigned size = random.pick(sizes);
    return size == 0 ? "" : fmt::format(" | data {}", size);
}

} // namespace

Flow::Flow(Random &random)
{
    constexpr std::array<Kind, 10> kinds = {Kind::tcp,  Kind::tcp,  Kind::tcp, Kind::tcp,
                                            Kind::udp,  Kind::udp,  Kind::udp, Kind::echo,
                                            Kind::echo, Kind::other};
    constexpr std::array<std::uint32_t, 5> client_ports = {1000, 1001, 1003, 40000, 80};
    constexpr std::array<std::uint32_t, 6> server_ports = {22, 53, 80, 443, 1000, 65535};
    kind_ = random.pick(kinds);
    ipv6_ = random.percent(40);
    client_port_ = random.pick(client_ports);
    server_port_ = random.pick(server_ports);
    protocol_ = random.pick(others);
    whole_ = random.pick(scripts);
    client_ = &random.pick(hosts);
    do {
        server_ = &random.pick(hosts);
    } while (server_->port == client_->port && server_->router == client_->router);
    if (random.percent(4)) {
        server_ = &random.pick(nowhere);
    }
    // Both ends the router's own: such packets never meet an interface.
    if (client_->router && server_->router) {
        client_ = &hosts[0];
        server_ = &hosts[server_->port == "lan" ? 3 : 7];
    }
}

std::string Flow::header(bool reply, std::string_view flags) const
{
    const std::uint32_t src = reply ? server_port_ : client_port_;
    const std::uint32_t dst = reply ? client_port_ : server_port_;
    switch (kind_) {
    case Kind::tcp:
        return fmt::format("tcp src-port={} dst-port={} flags={}", src, dst, flags);
    case Kind::udp:
        return fmt::format("udp src-port={} dst-port={}", src, dst);
    case Kind::echo:
        return ipv6_ ? fmt::format("icmpv6 type={} id={}", reply ? 129 : 128, client_port_)
                     : fmt::format("icmp type={} id={}", reply ? 0 : 8, client_port_);
    case Kind::other:
        break;
    }
    return std::string(protocol_);
}

Flow::Said Flow::next_tcp(Random &random)
{
    // An ended connection is looked at for a while before the next one takes its place.
    const bool ended = script_.empty() && whole_.size() > 20;
    if (random.percent(ended ? 60 : 12)) {
        const bool reply = random.percent(50);
        const std::string_view flags = ended ? random.pick(late_flags) : random.pick(odd_flags);
        return {reply, header(reply, flags) + payload(random)};
    }
    if (script_.empty()) {
        script_ = whole_;
    }
    const std::size_t end = std::min(script_.find(' '), script_.size());
    const std::string_view segment = script_.substr(0, end);
    script_.remove_prefix(std::min(end + 1, script_.size()));
    const bool reply = segment.starts_with('<');
    const std::string_view flags = segment.substr(1);
    Said said{reply, header(reply, flags)};
    if (flags.starts_with('P')) {
        said.text += random.percent(15) ? " | data 3000 | gso 1200" : payload(random);
    }
    return said;
}

Flow::Said Flow::next(Random &random)
{
    if (kind_ == Kind::tcp) {
        return next_tcp(random);
    }
    const bool reply = random.percent(40);
    return {reply, header(reply) + payload(random)};
}

std::string Flow::quote(Random &random, bool reply) const
{
    std::string text = ip_header(from(reply), from(!reply), ipv6_);
    if (random.percent(5)) {
        text += ipv6_ ? " version=4" : " offset=1";
    }
    if (!ipv6_ && random.percent(10)) {
        text += " options=0101010101";
    }
    return text + " | " + header(reply) + " | data 8";
}

} // namespace tg::test
