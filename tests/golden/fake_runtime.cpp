// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/fake_runtime.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <sstream>
#include <string>

#include <arpa/inet.h>

namespace tg::test {
namespace {

struct Endpoint {
    Address address;
    std::uint16_t port = 0;
};

std::uint64_t number(std::string_view text)
{
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// "192.0.2.1:80", "[2001:db8::1]:80" or the address alone.
Result<Endpoint> read_endpoint(std::string_view text)
{
    Endpoint endpoint;
    std::string_view address = text;
    const bool ipv6 = std::ranges::count(text, ':') > 1;
    const auto colon = text.rfind(':');
    if (text.starts_with('[')) {
        address = text.substr(1, text.find(']') - 1);
    } else if (!ipv6) {
        address = text.substr(0, colon);
    }
    if (address.size() != text.size()) {
        endpoint.port = static_cast<std::uint16_t>(number(text.substr(colon + 1)));
    }
    const auto parsed = parse_address(address, ipv6 ? Family::ipv6 : Family::ipv4);
    if (!parsed) {
        return std::unexpected(parsed.error());
    }
    endpoint.address = *parsed;
    return endpoint;
}

constexpr std::array flag_letters{
#define TG_X(name, letter, text) letter,
    TG_CONN_FLAGS(TG_X)
#undef TG_X
};

constexpr std::array tcp_states{
#define TG_X(name, text) std::string_view{text},
    TG_TCP_STATES(TG_X)
#undef TG_X
};

std::uint16_t read_flags(std::string_view letters)
{
    std::uint16_t flags = 0;
    for (const char letter : letters) {
        const auto *const found = std::ranges::find(flag_letters, letter);
        flags |= static_cast<std::uint16_t>(1u << (found - flag_letters.begin()));
    }
    return flags;
}

void read_pair(std::string_view text, tg_counter *counters, __u64 tg_counter::*count)
{
    counters[TG_ORIGINAL].*count = number(text);
    counters[TG_REPLY].*count = number(text.substr(text.find('/') + 1));
}

// What the words after the endpoints say.
struct Details {
    std::uint8_t state = 0;
    std::uint16_t flags = 0;
    std::uint16_t id = 0;
    std::uint16_t type = 0;
    std::uint16_t code = 0;
    std::uint16_t call = 0;               // of GRE
    std::optional<Endpoint> reply_source; // of a connection that is translated
    std::optional<Endpoint> reply_destination;
};

Result<void> read_detail(std::string_view word, Connection &connection, Details &details)
{
    const auto equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const std::string_view value = word.substr(equals + 1);
    if (name == "state") {
        details.state =
            static_cast<std::uint8_t>(std::ranges::find(tcp_states, value) - tcp_states.begin());
    } else if (name == "timeout") {
        connection.timeout_left = parse_duration(value).value_or(Duration{});
    } else if (name == "flags") {
        details.flags = read_flags(value);
    } else if (name == "packets") {
        read_pair(value, connection.record.counters, &tg_counter::packets);
    } else if (name == "bytes") {
        read_pair(value, connection.record.counters, &tg_counter::bytes);
    } else if (name == "rates") {
        connection.rates = {number(value), number(value.substr(value.find('/') + 1))};
    } else if (name == "id") {
        details.id = static_cast<std::uint16_t>(number(value));
    } else if (name == "type") {
        details.type = static_cast<std::uint16_t>(number(value));
    } else if (name == "call") {
        details.call = static_cast<std::uint16_t>(number(value));
    } else if (name == "reply-src" || name == "reply-dst") {
        const auto endpoint = read_endpoint(value);
        if (!endpoint) {
            return std::unexpected(endpoint.error());
        }
        (name == "reply-src" ? details.reply_source : details.reply_destination) = *endpoint;
    } else if (name == "mark") {
        connection.record.mark = static_cast<std::uint32_t>(number(value));
    } else if (name == "code") {
        details.code = static_cast<std::uint16_t>(number(value));
    } else {
        return fail("unknown word of a connection: " + std::string(word));
    }
    return {};
}

Result<Connection> read_connection(std::string_view description, std::uint32_t generation)
{
    std::istringstream words{std::string(description)};
    std::string protocol;
    std::string from;
    std::string to;
    words >> protocol >> from >> to;
    const auto number_of_protocol = parse_protocol(protocol);
    const auto source = read_endpoint(from);
    const auto destination = read_endpoint(to);
    if (!number_of_protocol || !source || !destination) {
        return fail("not a connection: " + std::string(description));
    }
    Connection connection;
    Details details;
    for (std::string word; words >> word;) {
        if (auto read = read_detail(word, connection, details); !read) {
            return std::unexpected(read.error());
        }
    }
    tg_tuple &original = connection.record.original;
    original.src = source->address.raw;
    original.dst = destination->address.raw;
    original.src_port = htons(source->port);
    original.dst_port = htons(destination->port);
    if (details.type != 0) {
        original.src_port = htons(details.id);
        original.dst_port = htons(static_cast<std::uint16_t>(details.type << 8 | details.code));
    }
    if (details.call != 0) {
        original.dst_port = htons(details.call);
    }
    original.protocol = *number_of_protocol;
    original.family = source->address.is_ipv4() ? TG_FAMILY_IPV4 : TG_FAMILY_IPV6;
    tg_tuple &reply = connection.record.reply;
    reply = original;
    std::swap(reply.src, reply.dst);
    std::swap(reply.src_port, reply.dst_port);
    if (const auto &from_server = details.reply_source) {
        reply.src = from_server->address.raw;
        reply.src_port = htons(from_server->port);
    }
    if (const auto &to_client = details.reply_destination) {
        reply.dst = to_client->address.raw;
        reply.dst_port = htons(to_client->port);
    }
    connection.record.word = tg_word_make(generation, 0, details.state, details.flags);
    return connection;
}

class ScriptedStream final : public EventStream {
public:
    explicit ScriptedStream(std::vector<Told> events) : events_(std::move(events)) {}
    std::optional<Told> next(Duration /*patience*/) override
    {
        return ended() ? std::nullopt : std::optional(events_[told_++]);
    }
    [[nodiscard]] bool ended() const override
    {
        return told_ == events_.size();
    }

private:
    std::vector<Told> events_;
    std::size_t told_ = 0;
};

} // namespace

Result<void> FakeRuntime::add(std::string_view description)
{
    auto connection = read_connection(description, static_cast<std::uint32_t>(table.size() + 1));
    if (!connection) {
        return std::unexpected(connection.error());
    }
    table.push_back(*connection);
    return {};
}

Result<void> FakeRuntime::add_event(std::string_view description)
{
    constexpr std::array names{
#define TG_X(name, text) std::string_view{text},
        TG_EVENTS(TG_X)
#undef TG_X
    };
    std::istringstream words{std::string(description)};
    std::string name;
    std::string id;
    std::string rest;
    words >> name >> id >> std::ws;
    std::getline(words, rest);
    if (name == "lost") {
        events.push_back({.kind = {}, .connection = {}, .lost = number(id)});
        return {};
    }
    const auto *const kind = std::ranges::find(names, name);
    auto connection = read_connection(rest, static_cast<std::uint32_t>(number(id.substr(1))));
    if (!connection || kind == names.end()) {
        return fail("not an event: " + std::string(description));
    }
    events.push_back({.kind = static_cast<tg_event_kind>(kind - names.begin()),
                      .connection = *connection,
                      .lost = 0});
    return {};
}

Result<std::unique_ptr<EventStream>> FakeRuntime::follow()
{
    return std::make_unique<ScriptedStream>(std::exchange(events, {}));
}
tg_counter FakeRuntime::rule_counter(std::uint32_t counter) const
{
    const auto found = counters.find(counter);
    return found == counters.end() ? tg_counter{} : found->second;
}

void FakeRuntime::reset_rule_counter(std::uint32_t counter)
{
    counters.erase(counter);
}

Result<void> FakeRuntime::connections(Family family,
                                      const std::function<bool(const Connection &)> &visit) const
{
    for (const Connection &connection : table) {
        if (connection.record.original.family == static_cast<std::uint8_t>(family) &&
            !visit(connection)) {
            break;
        }
    }
    return {};
}

Result<std::uint64_t>
FakeRuntime::remove_connections(const std::vector<ConnectionName> &connections)
{
    return std::erase_if(table, [&](const Connection &connection) {
        return std::ranges::find(connections, name_of(connection.record)) != connections.end();
    });
}

} // namespace tg::test
