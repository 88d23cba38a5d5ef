// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/talk.h"

#include <fmt/format.h>

namespace tg::sim {
namespace {

// More than that nobody sends before the other end has said that it came.
constexpr std::uint32_t most_unheard = 20000;

void add_established(const Talk &talk, std::vector<Word> &words)
{
    for (const unsigned end : {0u, 1u}) {
        const bool all_heard = talk.acked[end] == talk.next[end];
        if (talk.next[end] - talk.acked[end] < most_unheard) {
            words.insert(words.end(), 4, {end, Say::data});
        }
        if (talk.acked[1 - end] != talk.next[1 - end]) {
            words.insert(words.end(), 3, {end, Say::ack});
        }
        if (talk.last == Say::data || talk.last == Say::again) {
            words.insert(words.end(), 1, {talk.last_end, Say::again});
        }
        if (all_heard) {
            words.push_back({end, Say::fin});
            words.push_back({end, Say::reset});
        }
    }
}

std::string addresses(const Talk &talk, unsigned end)
{
    const std::string far =
        talk.ipv4 ? fmt::format("198.18.{}.{}", talk.number / 250 % 250, talk.number % 250 + 1)
                  : fmt::format("2001:db8:ffff::{:x}", talk.number % 62500 + 1);
    const std::string_view router = talk.ipv4 ? "203.0.113.1" : "2001:db8:113::1";
    const std::string_view host = talk.ipv4 ? "192.168.88.2" : "2001:db8:88::2";
    const std::string near(talk.local ? router : host);
    return fmt::format("{} src={} dst={}", talk.ipv4 ? "ipv4" : "ipv6", end == 0 ? near : far,
                       end == 0 ? far : near);
}

std::string tcp_of(Talk &talk, Word word, std::uint32_t size, std::uint32_t start)
{
    const unsigned us = word.end, them = 1 - us;
    const auto segment = [&](std::string_view flags, std::uint32_t sequence, bool acknowledges,
                             std::uint32_t length) {
        return fmt::format("flags={} seq={} ack={} | data {}", flags, sequence,
                           acknowledges ? talk.next[them] : 0, length);
    };
    switch (word.say) {
    case Say::syn:
        talk.next[us] = talk.phase == Phase::syn_sent ? talk.next[us] - 1 : start;
        return segment("S", talk.next[us], false, 0);
    case Say::syn_ack:
        talk.next[us] = start;
        return segment("SA", start, true, 0);
    case Say::data:
        talk.length = size;
        return segment("PA", talk.next[us], true, size);
    case Say::again:
        return segment("PA", talk.next[us] - talk.length, true, talk.length);
    case Say::fin:
        return segment("FA", talk.next[us], true, 0);
    case Say::reset:
        // Who refuses has said nothing before.
        return talk.phase == Phase::syn_sent ? segment("RA", 0, true, 0)
                                             : segment("R", talk.next[us], false, 0);
    case Say::ack:
    case Say::any:
        break;
    }
    return segment("A", talk.next[us], true, 0);
}

std::string upper_of(Talk &talk, Word word, std::uint32_t size, std::uint32_t start)
{
    const std::uint32_t client = 1024 + talk.number % 60000;
    const std::string ports = word.end == 0 ? fmt::format("src-port={} dst-port=7", client)
                                            : fmt::format("src-port=7 dst-port={}", client);
    switch (talk.protocol) {
    case Protocol::tcp:
        return fmt::format("tcp {} {}", ports, tcp_of(talk, word, size, start));
    case Protocol::udp:
        return fmt::format("udp {} | data {}", ports, size);
    case Protocol::sctp:
        return fmt::format("sctp {} | data {}", ports, size);
    case Protocol::esp:
        return "esp";
    case Protocol::icmp:
        break;
    }
    const unsigned request = talk.ipv4 ? 8 : 128, reply = talk.ipv4 ? 0 : 129;
    return fmt::format("{} type={} id={} | data {}", talk.ipv4 ? "icmp" : "icmpv6",
                       word.end == 0 ? request : reply, client, size);
}

void synchronised(Talk &talk, Word word)
{
    talk.next[word.end]++;
    talk.acked[word.end] = talk.next[word.end] - 1;
}

} // namespace

std::vector<Word> choices(const Talk &talk)
{
    const unsigned other = 1 - talk.closer;
    std::vector<Word> words;
    switch (talk.phase) {
    case Phase::silent:
        return {{0, talk.protocol == Protocol::tcp ? Say::syn : Say::any}};
    case Phase::open:
        return {{0, Say::any}, {1, Say::any}};
    case Phase::syn_sent:
        return {{0, Say::syn},     {1, Say::syn_ack}, {1, Say::syn_ack},
                {1, Say::syn_ack}, {1, Say::syn_ack}, {1, Say::reset}};
    case Phase::syn_recv:
        return {{0, Say::ack}};
    case Phase::established:
        add_established(talk, words);
        return words;
    case Phase::fin_wait:
        return {{other, Say::ack}, {other, Say::data}, {other, Say::fin}};
    case Phase::close_wait:
        return {{other, Say::data}, {other, Say::fin}};
    case Phase::last_ack:
        return {{talk.closer, Say::ack}};
    case Phase::time_wait:
        return {{0, Say::syn}};
    case Phase::reset:
        if (talk.closer == 0) {
            return {{0, Say::syn}};
        }
        return {};
    case Phase::refused:
        return {};
    }
    return {};
}

std::string packet_of(Talk &talk, Word word, std::uint32_t size, std::uint32_t start)
{
    const std::string_view hook = word.end == 1 ? "in wan" : talk.local ? "out wan" : "in lan";
    const std::string upper = upper_of(talk, word, size, start);
    return fmt::format("{} {} | {}", hook, addresses(talk, word.end), upper);
}

void heard(Talk &talk, Word word)
{
    const unsigned us = word.end, them = 1 - us;
    talk.last = word.say;
    talk.last_end = us;
    if (talk.protocol != Protocol::tcp) {
        talk.phase = Phase::open;
        return;
    }
    if (word.say != Say::syn && word.say != Say::reset) {
        talk.acked[them] = talk.next[them];
    }
    switch (word.say) {
    case Say::syn:
        synchronised(talk, word);
        talk.phase = Phase::syn_sent;
        return;
    case Say::syn_ack:
        synchronised(talk, word);
        talk.phase = Phase::syn_recv;
        return;
    case Say::data:
        talk.next[us] += talk.length;
        break;
    case Say::fin:
        talk.next[us]++;
        if (talk.phase == Phase::established) {
            talk.closer = us;
            talk.phase = Phase::fin_wait;
        } else {
            talk.phase = Phase::last_ack;
        }
        return;
    case Say::reset:
        talk.phase = talk.phase == Phase::syn_sent ? Phase::refused : Phase::reset;
        talk.closer = us;
        return;
    default:
        break;
    }
    if (talk.phase == Phase::syn_recv) {
        talk.phase = Phase::established;
    } else if (talk.phase == Phase::fin_wait) {
        talk.phase = Phase::close_wait;
    } else if (talk.phase == Phase::last_ack) {
        talk.phase = Phase::time_wait;
    }
}

} // namespace tg::sim
