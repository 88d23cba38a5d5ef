// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/expected.h"

#include <algorithm>

namespace tg::sim {
namespace {

constexpr unsigned repeats_that_stall = 3;

tg_timeout class_of(const Known &known)
{
    switch (known.protocol) {
    case Protocol::udp:
        return known.answered ? TG_TIMEOUT_UDP_STREAM : TG_TIMEOUT_UDP;
    case Protocol::icmp:
        return TG_TIMEOUT_ICMP;
    case Protocol::sctp:
    case Protocol::esp:
        return TG_TIMEOUT_GENERIC;
    case Protocol::tcp:
        break;
    }
    switch (known.phase) {
    case Phase::syn_recv:
        return TG_TIMEOUT_TCP_SYN_RECEIVED;
    case Phase::established:
        return TG_TIMEOUT_TCP_ESTABLISHED;
    case Phase::fin_wait:
        return TG_TIMEOUT_TCP_FIN_WAIT;
    case Phase::close_wait:
        return TG_TIMEOUT_TCP_CLOSE_WAIT;
    case Phase::last_ack:
        return TG_TIMEOUT_TCP_LAST_ACK;
    case Phase::time_wait:
        return TG_TIMEOUT_TCP_TIME_WAIT;
    case Phase::reset:
        return TG_TIMEOUT_TCP_CLOSE;
    default:
        return TG_TIMEOUT_TCP_SYN_SENT;
    }
}

bool may_open(const Talk &talk, Word word)
{
    switch (talk.protocol) {
    case Protocol::tcp:
        return word.say == Say::syn;
    case Protocol::icmp:
        return word.end == 0;
    default:
        return true;
    }
}

bool waits(const Talk &talk)
{
    return talk.protocol == Protocol::tcp && talk.phase >= Phase::established &&
           (talk.acked[0] != talk.next[0] || talk.acked[1] != talk.next[1]);
}

} // namespace

std::uint32_t Settings::most() const
{
    return max_connections + std::clamp(max_connections / 16, 16u, 1024u);
}

tg_tcp_state tcp_state_of(const Known &known)
{
    if (known.protocol != Protocol::tcp) {
        return TG_TCP_STATE_NONE;
    }
    switch (known.phase) {
    case Phase::syn_recv:
        return TG_TCP_STATE_SYN_RECV;
    case Phase::established:
        return TG_TCP_STATE_ESTABLISHED;
    case Phase::fin_wait:
        return TG_TCP_STATE_FIN_WAIT;
    case Phase::close_wait:
        return TG_TCP_STATE_CLOSE_WAIT;
    case Phase::last_ack:
        return TG_TCP_STATE_LAST_ACK;
    case Phase::time_wait:
        return TG_TCP_STATE_TIME_WAIT;
    case Phase::reset:
        return TG_TCP_STATE_CLOSE;
    default:
        return TG_TCP_STATE_SYN_SENT;
    }
}

std::uint32_t Expected::timeout(const Known &connection) const
{
    std::uint32_t seconds = settings.timeouts[class_of(connection)];
    if (connection.unacked) {
        seconds = std::min(seconds, settings.timeouts[TG_TIMEOUT_TCP_UNACKED]);
    }
    if (connection.repeats >= repeats_that_stall) {
        seconds = std::min(seconds, settings.timeouts[TG_TIMEOUT_TCP_MAX_RETRANS]);
    }
    return seconds;
}

std::uint64_t Expected::left(const Known &connection, std::uint64_t now) const
{
    const std::uint64_t end =
        connection.seen + std::uint64_t{timeout(connection)} * ticks_per_second_;
    return end > now ? end - now : 0;
}

bool Expected::gives_way(const Known &connection) const
{
    if (settings.early_drop == TG_EARLY_DROP_NO) {
        return false;
    }
    return (connection.protocol == Protocol::tcp && !connection.complete) ||
           (settings.early_drop == TG_EARLY_DROP_ALL && !connection.answered);
}

void Expected::take(Known &connection, const Packet &packet)
{
    const bool reply = packet.word.end != connection.opener;
    connection.phase = packet.after.phase;
    connection.answered |= reply;
    connection.complete |= connection.phase == Phase::established;
    connection.unacked = waits(packet.after);
    if (packet.word.say == Say::again) {
        connection.repeats++;
    } else if (packet.word.say == Say::data || packet.word.say == Say::ack) {
        connection.repeats = 0;
    }
    connection.counters[reply ? TG_REPLY : TG_ORIGINAL].packets++;
    connection.counters[reply ? TG_REPLY : TG_ORIGINAL].bytes += packet.bytes;
}

Expected::Answer Expected::packet(const Packet &packet)
{
    Answer answer;
    const auto found = known.find(packet.before.number);
    const bool begins = packet.word.say == Say::syn && (packet.before.phase == Phase::time_wait ||
                                                        packet.before.phase == Phase::reset);
    if (found != known.end() && (begins || left(found->second, packet.now) == 0)) {
        answer.over = found->second;
        known.erase(found);
    }
    if (found == known.end() || answer.over) {
        answer.opens = may_open(packet.before, packet.word);
        answer.state = answer.opens ? TG_CONNECTION_STATE_NEW : TG_CONNECTION_STATE_INVALID;
        return answer;
    }
    Known &connection = found->second;
    const Known old = connection;
    take(connection, packet);
    answer.state = connection.answered ? TG_CONNECTION_STATE_ESTABLISHED : TG_CONNECTION_STATE_NEW;
    if (connection.phase == Phase::refused) {
        answer.over = connection;
        known.erase(found);
        return answer;
    }
    // A SYN sent for ever keeps nothing alive, and what is busy need not be written every time.
    const std::uint64_t lag = std::min<std::uint64_t>(
        ticks_per_second_, std::uint64_t{timeout(connection)} * ticks_per_second_ / 8);
    const bool changed = old.phase != connection.phase || old.answered != connection.answered ||
                         old.complete != connection.complete;
    if (packet.word.say != Say::syn && (changed || packet.now > old.seen + lag)) {
        connection.seen = packet.now;
    }
    return answer;
}

void Expected::opened(const Packet &packet, const ConnectionName &name)
{
    Known connection{.protocol = packet.before.protocol,
                     .ipv4 = packet.before.ipv4,
                     .opener = packet.word.end,
                     .seen = packet.now,
                     .name = name};
    take(connection, packet);
    known[packet.before.number] = connection;
}

} // namespace tg::sim
