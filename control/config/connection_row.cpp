// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>

#include "control/config/row.h"
#include "tidegate/conn.h"

namespace tg {
namespace {

constexpr std::array tcp_state_names{
#define TG_X(name, text) std::string_view{text},
    TG_TCP_STATES(TG_X)
#undef TG_X
};

constexpr std::array<std::uint8_t, 5> protocols_with_ports{
    IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_DCCP, IPPROTO_UDPLITE,
};

bool has_ports(const tg_tuple &tuple)
{
    return std::ranges::find(protocols_with_ports, tuple.protocol) != protocols_with_ports.end();
}

bool is_icmp(const Connection &connection)
{
    const std::uint8_t protocol = connection.record.original.protocol;
    return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

// One end of one direction.
struct Endpoint {
    tg_addr address;
    __be16 port;
    bool with_port;
};

using Direction = tg_tuple tg_conn::*;

Endpoint source(const Connection &connection, Direction direction)
{
    const tg_tuple &tuple = connection.record.*direction;
    return {tuple.src, tuple.src_port, has_ports(tuple)};
}

Endpoint destination(const Connection &connection, Direction direction)
{
    const tg_tuple &tuple = connection.record.*direction;
    return {tuple.dst, tuple.dst_port, has_ports(tuple)};
}

using End = Endpoint (*)(const Connection &, Direction);

template <End end, Direction direction> Operand address(const Connection &connection)
{
    return to_string(Address{end(connection, direction).address});
}

// "192.0.2.1:443", "[2001:db8::1]:443", or the address alone.
template <End end, Direction direction> Operand address_and_port(const Connection &connection)
{
    const Endpoint at = end(connection, direction);
    const Address bare{at.address};
    if (!at.with_port) {
        return to_string(bare);
    }
    return fmt::format(fmt::runtime(bare.is_ipv4() ? "{}:{}" : "[{}]:{}"), to_string(bare),
                       ntohs(at.port));
}

template <End end, Direction direction> Operand port(const Connection &connection)
{
    const Endpoint at = end(connection, direction);
    return at.with_port ? Operand{std::int64_t{ntohs(at.port)}} : Operand{};
}

Operand protocol(const Connection &connection)
{
    return protocol_name(connection.record.original.protocol);
}

Operand tcp_state(const Connection &connection)
{
    const std::uint8_t state = tg_word_tcp_state(connection.record.word);
    if (connection.record.original.protocol != IPPROTO_TCP || state >= tcp_state_names.size()) {
        return {};
    }
    // The manual of older versions writes it in full.
    return NamedTwice{std::string(tcp_state_names[state]),
                      state == TG_TCP_STATE_SYN_RECV ? "syn-received" : ""};
}

// Type and code share the place of the destination port, the identifier is the source port.
Operand icmp_type(const Connection &connection)
{
    return is_icmp(connection)
               ? Operand{std::int64_t{ntohs(connection.record.original.dst_port) >> 8}}
               : Operand{};
}

Operand icmp_code(const Connection &connection)
{
    return is_icmp(connection)
               ? Operand{std::int64_t{ntohs(connection.record.original.dst_port) & 0xff}}
               : Operand{};
}

Operand icmp_id(const Connection &connection)
{
    return is_icmp(connection) ? Operand{std::int64_t{ntohs(connection.record.original.src_port)}}
                               : Operand{};
}

// Of the versions of GRE only the one PPTP uses has a number here, that of the receiver's call, and
// only one kind of payload.
constexpr std::int64_t gre_ppp = 0x880b;

bool is_gre_call(const Connection &connection)
{
    const tg_tuple &original = connection.record.original;
    return original.protocol == IPPROTO_GRE && original.dst_port != 0;
}

Operand gre_version(const Connection &connection)
{
    return connection.record.original.protocol == IPPROTO_GRE
               ? Operand{std::int64_t{is_gre_call(connection)}}
               : Operand{};
}

Operand gre_protocol(const Connection &connection)
{
    return is_gre_call(connection) ? Operand{gre_ppp} : Operand{};
}

Operand gre_key(const Connection &connection)
{
    return is_gre_call(connection)
               ? Operand{std::int64_t{ntohs(connection.record.original.dst_port)}}
               : Operand{};
}

Operand timeout(const Connection &connection)
{
    return std::chrono::floor<std::chrono::seconds>(connection.timeout_left);
}

// What no connection has yet: a helper.
Operand no_text(const Connection & /*connection*/)
{
    return {};
}

Operand empty_text(const Connection & /*connection*/)
{
    return std::string();
}

// Nor has any packet been fasttracked.
Operand no_packets(const Connection & /*connection*/)
{
    return std::int64_t{0};
}

template <tg_direction direction> Operand rate(const Connection &connection)
{
    return BitRate{connection.rates[direction]};
}

template <tg_direction direction, __u64 tg_counter::*count>
Operand counter(const Connection &connection)
{
    return static_cast<std::int64_t>(connection.record.counters[direction].*count);
}

template <tg_conn_flag_bit bit> Operand flag_bit(const Connection &connection)
{
    return (tg_word_flags(connection.record.word) & 1u << bit) != 0;
}

Operand id_text(const Connection &connection)
{
    return print_id(tg_word_generation(connection.record.word));
}

constexpr std::string_view connection_mark = "connection-mark";

// Conditions and JSON see every field, the detail form the ones in text.
struct Field {
    std::string_view name;
    bool in_text;
    Operand (*value)(const Connection &);
    Operand (*json)(const Connection &) = nullptr; // if JSON shows something else
};

template <End end, Direction direction> constexpr Field address_field(std::string_view name)
{
    return {name, true, address_and_port<end, direction>, address<end, direction>};
}

template <tg_direction direction, __u64 tg_counter::*count>
constexpr Field counter_field(std::string_view name)
{
    return {name, true, counter<direction, count>};
}

constexpr std::array fields_table{
    Field{".id", false, id_text},
    Field{"protocol", true, protocol},
    address_field<source, &tg_conn::original>("src-address"),
    address_field<destination, &tg_conn::original>("dst-address"),
    address_field<source, &tg_conn::reply>("reply-src-address"),
    address_field<destination, &tg_conn::reply>("reply-dst-address"),
    Field{"src-port", false, port<source, &tg_conn::original>},
    Field{"dst-port", false, port<destination, &tg_conn::original>},
    Field{"reply-src-port", false, port<source, &tg_conn::reply>},
    Field{"reply-dst-port", false, port<destination, &tg_conn::reply>},
    Field{"icmp-type", true, icmp_type},
    Field{"icmp-code", true, icmp_code},
    Field{"icmp-id", true, icmp_id},
    Field{"gre-version", true, gre_version},
    Field{"gre-protocol", true, gre_protocol},
    Field{"gre-key", true, gre_key},
    Field{"tcp-state", true, tcp_state},
    Field{"state", false, tcp_state},
    Field{"timeout", true, timeout},
    Field{connection_mark, true, no_text, empty_text}, // its name: see value_of
    Field{"connection-type", true, no_text, empty_text},
    counter_field<TG_ORIGINAL, &tg_counter::packets>("orig-packets"),
    counter_field<TG_ORIGINAL, &tg_counter::bytes>("orig-bytes"),
    Field{"orig-fasttrack-packets", true, no_packets},
    Field{"orig-fasttrack-bytes", true, no_packets},
    counter_field<TG_REPLY, &tg_counter::packets>("repl-packets"),
    counter_field<TG_REPLY, &tg_counter::bytes>("repl-bytes"),
    Field{"repl-fasttrack-packets", true, no_packets},
    Field{"repl-fasttrack-bytes", true, no_packets},
    Field{"orig-rate", true, rate<TG_ORIGINAL>},
    Field{"repl-rate", true, rate<TG_REPLY>},
#define TG_X(name, letter, text) Field{text, false, flag_bit<TG_CONN_FLAG_BIT_##name>},
    TG_CONN_FLAGS(TG_X)
#undef TG_X
};

// A mark that nobody has named any more is still a number.
Operand mark(const Connection &connection, const Marks &marks)
{
    const std::string name = marks.name(connection.record.mark);
    return name.empty() ? print_id(connection.record.mark) : name;
}

Operand value_of(const Field &field, const Connection &connection, const Marks &marks)
{
    return field.name == connection_mark && connection.record.mark != 0 ? mark(connection, marks)
                                                                        : field.value(connection);
}

} // namespace

std::uint32_t ConnectionRow::id() const
{
    return tg_word_generation(connection_.record.word);
}

std::optional<Operand> ConnectionRow::operand(std::string_view name) const
{
    const auto *const field = std::ranges::find(fields_table, name, &Field::name);
    return field == fields_table.end() ? std::nullopt
                                       : std::optional{value_of(*field, connection_, marks_)};
}

Fields ConnectionRow::fields() const
{
    Fields fields;
    for (const Field &field : fields_table) {
        const Operand value = field.in_text ? value_of(field, connection_, marks_) : Operand{};
        if (!std::holds_alternative<std::monostate>(value)) {
            fields.emplace_back(field.name, to_string(value));
        }
    }
    return fields;
}

Fields ConnectionRow::values() const
{
    Fields values;
    for (const Field &field : fields_table) {
        const Operand value = value_of(field, connection_, marks_);
        if (!std::holds_alternative<std::monostate>(value)) {
            values.emplace_back(field.name, to_script(value));
        }
    }
    return values;
}

Json ConnectionRow::json() const
{
    Json object = Json::object();
    for (const Field &field : fields_table) {
        const bool marked = field.name == connection_mark && connection_.record.mark != 0;
        const Operand value = marked || field.json == nullptr ? value_of(field, connection_, marks_)
                                                              : field.json(connection_);
        if (!std::holds_alternative<std::monostate>(value)) {
            object[std::string(field.name)] = to_json(value);
        }
    }
    return object;
}

} // namespace tg
