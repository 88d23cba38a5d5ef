// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/traffic.h"

#include <cstdio>
#include <cstring>
#include <string>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace tg::bench {
namespace {

constexpr std::size_t ethernet_header = 14, ipv4_header = 20;
constexpr std::size_t l4_at = ethernet_header + ipv4_header;
constexpr std::uint8_t protocol_tcp = 6, protocol_udp = 17, ttl = 64;
constexpr std::uint8_t flag_syn = 2, flag_ack = 16;
constexpr std::uint32_t client_isn = 1000, server_isn = 5000;

void put16(bench_traffic &traffic, std::size_t at, std::uint32_t value)
{
    traffic.frame[at] = static_cast<std::uint8_t>(value >> 8);
    traffic.frame[at + 1] = static_cast<std::uint8_t>(value);
}

void put32(bench_traffic &traffic, std::size_t at, std::uint32_t value)
{
    put16(traffic, at, value >> 16);
    put16(traffic, at + 2, value);
}

// Of 16-bit words as they lie in memory: such a sum is right in either byte order (RFC 1071).
std::uint32_t sum_of(const bench_traffic &traffic, std::size_t from, std::size_t to)
{
    std::uint32_t sum = 0;
    for (std::size_t at = from; at + 1 < to; at += 2) {
        std::uint16_t word = 0;
        std::memcpy(&word, &traffic.frame[at], sizeof word);
        sum += word;
    }
    return sum;
}

Result<void> put_mac(bench_traffic &traffic, std::size_t at, const std::string &text)
{
    std::array<unsigned, 6> bytes{};
    if (std::sscanf(text.c_str(), "%x:%x:%x:%x:%x:%x", &bytes[0], &bytes[1], &bytes[2], &bytes[3],
                    &bytes[4], &bytes[5]) != 6) {
        return fail(fmt::format("\"{}\" is no MAC address", text));
    }
    for (std::size_t i = 0; i < bytes.size(); i++) {
        traffic.frame[at + i] = static_cast<std::uint8_t>(bytes[i]);
    }
    return {};
}

// "198.18.0.0/16" → address and the mask of the bits that vary.
Result<void> parse_network(const std::string &text, std::uint32_t &address, std::uint32_t &mask)
{
    const std::size_t slash = text.find('/');
    in_addr parsed{};
    if (inet_pton(AF_INET, text.substr(0, slash).c_str(), &parsed) != 1) {
        return fail(fmt::format("\"{}\" is no IPv4 network", text));
    }
    const int length = slash == std::string::npos ? 32 : std::stoi(text.substr(slash + 1));
    mask = length >= 32 ? 0 : 0xffffffffU >> length;
    address = ntohl(parsed.s_addr) & ~mask;
    return {};
}

void build_tcp(bench_traffic &traffic, std::uint8_t flags)
{
    const bool reply = traffic.from_server != 0, opens = (flags & flag_syn) != 0;
    const std::uint32_t after = opens ? 0 : 1;
    put32(traffic, l4_at + 4, (reply ? server_isn : client_isn) + after);
    put32(traffic, l4_at + 8, (flags & flag_ack) == 0 ? 0 : (reply ? client_isn : server_isn) + 1);
    traffic.frame[l4_at + 12] = 5 << 4;
    traffic.frame[l4_at + 13] = flags;
    put16(traffic, l4_at + 14, 0xffff);
    traffic.l4_checksum = l4_at + 16;
}

void build_headers(bench_traffic &traffic, std::uint8_t protocol, std::uint8_t tcp_flags)
{
    constexpr std::uint32_t ip_length = BENCH_FRAME - ethernet_header;
    constexpr std::uint32_t l4_length = ip_length - ipv4_header;
    put16(traffic, 12, 0x0800);
    traffic.frame[14] = 0x45;
    put16(traffic, 16, ip_length);
    put16(traffic, 20, 0x4000); // do not fragment
    traffic.frame[22] = ttl;
    traffic.frame[23] = protocol;
    if (protocol == protocol_tcp) {
        build_tcp(traffic, tcp_flags);
    } else {
        put16(traffic, l4_at + 4, l4_length);
        traffic.l4_checksum = l4_at + 6;
    }
    traffic.ip_sum = sum_of(traffic, ethernet_header, l4_at);
    traffic.l4_sum = sum_of(traffic, l4_at, BENCH_FRAME) + htons(protocol) +
                     htons(static_cast<__u16>(l4_length));
}

} // namespace

Result<bench_traffic> parse_traffic(const Json &request)
{
    bench_traffic traffic{};
    Result<void> good = parse_network(request.at("client"), traffic.client, traffic.client_mask);
    if (good) {
        good = parse_network(request.at("server"), traffic.server, traffic.server_mask);
    }
    if (good) {
        good = put_mac(traffic, 0, request.at("dst-mac"));
    }
    if (good) {
        good = put_mac(traffic, 6, request.at("src-mac"));
    }
    if (!good) {
        return std::unexpected(good.error());
    }
    traffic.flows = request.at("flows");
    traffic.step = request.at("step");
    traffic.next = request.value("first", 0U);
    traffic.client_port = request.at("client-port");
    traffic.server_port = request.at("server-port");
    traffic.from_server = request.value("from-server", false) ? 1 : 0;
    if (traffic.flows == 0 || traffic.step > traffic.flows || traffic.next >= traffic.flows) {
        return fail("flows must be at least 1, and step and first within them");
    }
    const bool tcp = request.at("protocol") == "tcp";
    build_headers(traffic, tcp ? protocol_tcp : protocol_udp, request.value("tcp-flags", flag_ack));
    return traffic;
}

Frame first_frame(const bench_traffic &traffic)
{
    Frame frame{};
    std::memcpy(frame.data(), traffic.frame, frame.size());
    const bool reply = traffic.from_server != 0;
    const std::uint32_t client = htonl(traffic.client), server = htonl(traffic.server);
    std::memcpy(&frame[BENCH_SRC], reply ? &server : &client, sizeof client);
    std::memcpy(&frame[BENCH_DST], reply ? &client : &server, sizeof server);
    return frame;
}

} // namespace tg::bench
