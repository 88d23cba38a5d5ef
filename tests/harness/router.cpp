// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/router.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <linux/pkt_cls.h>

#include "bpf/core/expiry.h"
#include "control/base/net.h"
#include "control/compile/compile.h"
#include "control/config/execute.h"
#include "tests/harness/judge.h"
#include "tests/harness/topology.h"
#include "tidegate/control.h"
#include "tidegate/maps.h"
#include "tidegate/nat.h"

namespace tg::test {
namespace {

constexpr std::array<std::string_view, TG_CONNECTION_STATE_COUNT> state_names = {
#define TG_X(name, text) text,
    TG_CONNECTION_STATES(TG_X)
#undef TG_X
};

constexpr std::array<std::string_view, TG_TCP_STATE_COUNT> tcp_state_names = {
#define TG_X(name, text) text,
    TG_TCP_STATES(TG_X)
#undef TG_X
};

constexpr std::array<std::uint32_t, TG_TIMEOUT_SLOTS> default_timeouts = {
#define TG_X(class_, property, seconds) seconds,
    TG_TIMEOUTS(TG_X)
#undef TG_X
};

constexpr std::string_view probe_comment = "probe of ";
constexpr std::uint64_t always = INT64_MAX; // of a time to come

// Rules before all others that count and go on: which of them counts tells the connection-state
// a packet has in the filter chains, without a look inside.
std::string probe_rules()
{
    std::string text;
    for (const std::string_view family : {"/ip", "/ipv6"}) {
        text += fmt::format("{} firewall filter\n", family);
        for (const std::string_view chain : {"input", "forward", "output"}) {
            for (const std::string_view state : state_names) {
                text += fmt::format("add chain={} connection-state={} action=passthrough "
                                    "comment=\"{}{}\"\n",
                                    chain, state, probe_comment, state);
            }
        }
    }
    return text;
}

Address endpoint(const tg_addr &raw)
{
    return Address{raw};
}

std::string place(const tg_addr &address, std::uint16_t port, bool ports)
{
    const Address value = endpoint(address);
    if (!ports) {
        return to_string(value);
    }
    return fmt::format(fmt::runtime(value.is_ipv4() ? "{}:{}" : "[{}]:{}"), to_string(value),
                       __builtin_bswap16(port));
}

std::string flag_letters(std::uint16_t flags)
{
    constexpr std::array<char, TG_CONN_FLAG_COUNT> letters = {
#define TG_X(name, letter, text) letter,
        TG_CONN_FLAGS(TG_X)
#undef TG_X
    };
    std::string text;
    for (unsigned bit = 0; bit < TG_CONN_FLAG_COUNT; bit++) {
        if ((flags >> bit & 1) != 0) {
            text += letters[bit];
        }
    }
    return text.empty() ? "-" : text;
}

// Sources on dmz and guest are reached by these, those on wan by any interface.
std::uint32_t reverse_path(std::string_view interface)
{
    if (interface == "dmz" || interface == "guest") {
        return TG_DEVICE_RP_STRICT;
    }
    return interface == "wan" ? TG_DEVICE_RP_LOOSE : 0u;
}

// What the agent makes of an interface's addresses.
std::vector<std::pair<tg_addr, std::uint32_t>> addresses_of(const Interface &port)
{
    std::vector<std::pair<tg_addr, std::uint32_t>> found;
    for (const std::string_view text : {port.ipv4, port.ipv6}) {
        const std::string address(text.substr(0, text.find('/')));
        const Family family = text.find(':') == text.npos ? Family::ipv4 : Family::ipv6;
        if (const auto own = parse_address(address, family); own) {
            found.emplace_back(own->raw, TG_ADDRESS_OWN);
        }
    }
    if (const auto net = parse_address_range(std::string(port.ipv4), Family::ipv4); net) {
        found.emplace_back(net->low.raw, TG_ADDRESS_BROADCAST);
        found.emplace_back(net->high.raw, TG_ADDRESS_BROADCAST);
    }
    return found;
}

std::uint32_t ifindex_of(std::string_view name)
{
    const Interface *port = find_interface(name);
    return port == nullptr ? 0 : port->ifindex;
}

// What the agent makes of the interface itself.
tg_device device_of(const Interface &port)
{
    tg_device device{.flags =
                         (port.ipv4.empty() ? TG_DEVICE_NO_IPV4 : 0u) | reverse_path(port.name),
                     .mtu = port.mtu,
                     .vlan = port.vlan,
                     .lower = ifindex_of(port.lower),
                     .master = ifindex_of(port.master)};
    const auto mac = parse_field(*find_field(*find_layer("ethernet"), "dst"), port.mac);
    std::ranges::copy(mac.value(), device.mac);
    return device;
}

} // namespace

bool operator==(const Outcome &a, const Outcome &b)
{
    return a.action == b.action && a.reason == b.reason && a.state == b.state &&
           a.packets == b.packets && a.bytes == b.bytes && a.frame == b.frame;
}

std::string to_string(const Outcome &outcome)
{
    return fmt::format("{} {} (action {}, {} packets, {} bytes)",
                       outcome.reason.empty() ? "uncounted" : outcome.reason, outcome.state,
                       outcome.action, outcome.packets, outcome.bytes);
}

std::string to_string(const TableRow &row)
{
    const tg_tuple &tuple = row.record.original;
    const bool icmp = tuple.protocol == 1 || tuple.protocol == 58;
    const bool ports = tuple.src_port != 0 || tuple.dst_port != 0;
    const auto counter = [&row](tg_direction direction) {
        return fmt::format("{}/{}", row.record.counters[direction].packets,
                           row.record.counters[direction].bytes);
    };
    return fmt::format(
        "{} {} > {} {} {} {} {}", protocol_name(tuple.protocol),
        place(tuple.src, tuple.src_port, ports), place(tuple.dst, tuple.dst_port, ports && !icmp),
        tcp_state_names.at(tg_word_tcp_state(row.record.word)),
        flag_letters(tg_word_flags(row.record.word)), counter(TG_ORIGINAL), counter(TG_REPLY));
}

Router::Router(std::unique_ptr<Datapath> datapath)
    : datapath_(std::move(datapath)),
      early_pieces_(
          *datapath_, [this](const tg_piece &piece) { bring_back(piece); },
          [this](const tg_given_up &pieces) { give_up(pieces); })
{
    reset();
}

void Router::clear(std::string_view map)
{
    for (const auto &[key, value] : datapath_->entries(map)) {
        datapath_->remove(map, key);
    }
}

void Router::forget()
{
    const std::uint32_t zero = 0;
    datapath_->make_table();
    for (const auto *map : {"tg_fragments", "tg_awaited", "tg_unsourced"}) {
        clear(map);
    }
    early_pieces_.reset();
    datapath_->update("tg_table", bytes_of(zero), bytes_of(tg_table{}));
    datapath_->take_events();
    datapath_->take_log();
    for (std::uint32_t i = 0; i < TG_NAT_CURSORS; i++) {
        datapath_->update("tg_nat_cursors", bytes_of(i), bytes_of(zero));
    }
}

void Router::reset()
{
    forget();
    for (const auto *map : {"tg_attached", "tg_devices", "tg_vlans", "tg_addresses"}) {
        clear(map);
    }
    tg_layout layout{.magic = TG_LAYOUT_MAGIC,
                     .version = TG_LAYOUT_VERSION,
                     .ticks_per_second = datapath_->ticks_per_second(),
                     .instance = 1,
                     .awake_offset_ns = 0};
    const std::uint32_t zero = 0;
    datapath_->update("tg_layout", bytes_of(zero), bytes_of(layout));
    datapath_->update("tg_control", bytes_of(zero), bytes_of(tg_control{.listening = always}));
    datapath_->clear_counters("tg_reasons_count", TG_LIMIT_REASONS);
    datapath_->clear_counters("tg_rules_count", std::max(counters_used_, 1u));
    datapath_->clear_counters("tg_answers_count", TG_ANSWER_COUNT);
    datapath_->clear_counters("tg_pieces_count", TG_PIECE_COUNT);
    datapath_->clear_counters("tg_tallies_count", TG_TALLY_COUNT);
    fill_rates();
    datapath_->close_sockets();
    for (const Interface &port : interfaces) {
        // One half is found by its slot, the other half by the hash.
        const Bytes slot = bytes_of(port.ifindex & TG_DEVICE_SLOT_MASK);
        tg_device device = device_of(port);
        for (const auto &[address, kind] : addresses_of(port)) {
            if (kind == TG_ADDRESS_OWN) {
                const int family = Address{address}.is_ipv4() ? TG_FAMILY_IPV4 : TG_FAMILY_IPV6;
                device.sources[family] = address;
                device.flags |= TG_DEVICE_OWN_IPV4 << family;
            }
            datapath_->update("tg_addresses", bytes_of(address), bytes_of(kind));
        }
        if (port.attached) {
            const tg_attached attached{.mode = TG_MODE_TC, .link_header = 14, .xdp_target = 1};
            datapath_->update("tg_attached", bytes_of(port.ifindex), bytes_of(attached));
            if (port.ifindex % 4 < 2) {
                const tg_attached_slot target{port.ifindex, attached.link_header, 1};
                datapath_->update("tg_attached_slots", slot, bytes_of(target));
            }
        }
        if (device.lower != 0) {
            datapath_->update("tg_vlans", bytes_of(tg_vlan_key(device.lower, device.vlan)),
                              bytes_of(port.ifindex));
        }
        datapath_->update("tg_devices", bytes_of(port.ifindex), bytes_of(device));
        if (port.ifindex % 2 == 0) {
            const tg_device_slot found{.ifindex = port.ifindex, .zero = 0, .device = device};
            datapath_->update("tg_device_slots", slot, bytes_of(found));
        }
    }
    config_ = {};
    elements_.clear();
    probes_.clear();
    bank_ = 0;
    counters_used_ = 0;
}

// Every bucket is full again.
void Router::fill_rates()
{
    for (const auto &[bucket, word] : datapath_->entries("tg_rates")) {
        if (value_of<std::uint64_t>(word) != 0) {
            datapath_->update("tg_rates", bucket, bytes_of(std::uint64_t{0}));
        }
    }
}

Result<void> Router::commit(std::string_view routeros)
{
    Session session;
    if (bank_ == 0) {
        auto probed = apply_script(probe_rules(), "probes", config_, environment(), session);
        if (!probed) {
            return std::unexpected(probed.error());
        }
        config_ = std::move(*probed);
        session = {};
    }
    auto config = apply_script(routeros, "rules", config_, environment(), session);
    if (!config) {
        return std::unexpected(config.error());
    }
    const auto image = compile(*config, environment(), bank_ + 1);
    if (!image) {
        return std::unexpected(image.error());
    }
    config_ = std::move(*config);
    elements_ = image->elements;
    bank_++;
    datapath_->fill_bank(static_cast<std::uint32_t>(bank_ & 1), elements_);
    const tg_control control{.bank = bank_, .heartbeat = datapath_->now(), .listening = always};
    const std::uint32_t zero = 0;
    datapath_->update("tg_control", bytes_of(zero), bytes_of(control));
    rule_log_.add_bank(bank_, config_, environment());
    for (const std::string_view menu : rule_menus) {
        for (const Item &item : config_.items(menu)) {
            const auto comment = item.value_or<std::string>("comment", "");
            if (comment.starts_with(probe_comment)) {
                probes_[item.counter] = comment.substr(probe_comment.size());
            }
            counters_used_ = std::max(counters_used_, item.counter + 1);
        }
    }
    return {};
}

std::vector<tg_counter> Router::rule_counters() const
{
    return datapath_->counters("tg_rules_count", counters_used_);
}

std::vector<tg_counter> Router::reasons() const
{
    return datapath_->counters("tg_reasons_count", TG_LIMIT_REASONS);
}

std::string Router::state_seen(const std::vector<tg_counter> &before) const
{
    const auto after = rule_counters();
    std::string seen;
    for (const auto &[counter, state] : probes_) {
        if (after[counter].packets != before[counter].packets) {
            seen += seen.empty() ? state : "+" + state;
        }
    }
    return seen;
}

// Every packet is counted once, under one reason of the list.
void Router::judge_counters(Outcome &outcome, const std::vector<tg_counter> &before) const
{
    const auto after = reasons();
    for (std::uint32_t i = 0; i < after.size(); i++) {
        const std::uint64_t packets = after[i].packets - before[i].packets;
        const std::uint64_t bytes = after[i].bytes - before[i].bytes;
        if (packets == 0 && bytes == 0) {
            continue;
        }
        if (!outcome.reason.empty()) {
            outcome.faults.push_back("counted under two reasons");
        }
        if (i == TG_REASON_NEXT || i >= TG_REASON_COUNT) {
            outcome.faults.push_back(fmt::format("counted under reason number {}", i));
        }
        outcome.reason = i < TG_REASON_COUNT ? reason_names[i] : "unknown";
        outcome.packets = packets;
        outcome.bytes = bytes;
    }
}

Outcome Router::packet(const Hook &hook, const Frame &frame)
{
    const auto rules_before = rule_counters();
    const auto reasons_before = reasons();
    const Skb skb{frame, hook.ifindex, hook.egress ? hook.from_ifindex : hook.ifindex, hook.tag,
                  hook.priority};
    const Ran explained =
        datapath_->run(hook.egress ? Program::explain_egress : Program::explain_ingress, skb);
    const Ran ran = datapath_->run(hook.egress ? Program::egress : Program::ingress, skb);
    Outcome outcome = outcome_of(ran, frame);
    if (!ran.refused) {
        judge_counters(outcome, reasons_before);
        judge_end(outcome, hook, frame);
        judge_explanation(outcome, explained);
        outcome.state = state_seen(rules_before);
    }
    early_pieces_.collect(elapsed_);
    return outcome;
}

// It is no longer counted as held, and counted as what it is then.
void Router::bring_back(const tg_piece &piece)
{
    const auto rules_before = rule_counters();
    auto reasons_before = reasons();
    reasons_before[TG_REASON_FRAGMENT_HELD].packets--;
    reasons_before[TG_REASON_FRAGMENT_HELD].bytes -= piece.bytes;
    const Frame frame{.bytes = {piece.frame, piece.frame + piece.length}};
    const Hook hook{.egress = false, .ifindex = piece.ifindex};
    const Ran ran = datapath_->run(Program::reinject, {frame, piece.ifindex, piece.ifindex, 0});
    Outcome outcome = outcome_of(ran, frame);
    judge_counters(outcome, reasons_before);
    judge_end(outcome, hook, frame);
    outcome.state = state_seen(rules_before);
    early_pieces_.collect(elapsed_);
    ended_.push_back(std::move(outcome));
}

void Router::give_up(const tg_given_up &pieces)
{
    auto reasons_before = reasons();
    reasons_before[TG_REASON_FRAGMENT_HELD].packets -= pieces.packets;
    reasons_before[TG_REASON_FRAGMENT_HELD].bytes -= pieces.bytes;
    const Ran ran = datapath_->run(Program::give_up, {.frame = {.bytes = bytes_of(pieces)}});
    Outcome outcome{.action = TC_ACT_SHOT};
    judge_counters(outcome, reasons_before);
    if (ran.action != 0) {
        outcome.faults.emplace_back("the program did not know what to give up");
    }
    ended_.push_back(std::move(outcome));
}

std::vector<Outcome> Router::act_on_pieces()
{
    early_pieces_.act(elapsed_);
    return std::exchange(ended_, {});
}

void Router::wait(std::chrono::milliseconds time)
{
    const std::uint64_t ticks =
        static_cast<std::uint64_t>(time.count()) * datapath_->ticks_per_second() / 1000;
    datapath_->advance(ticks);
    elapsed_ += ticks;
}

unsigned Router::sweep()
{
    unsigned removed = 0;
    std::vector<TableRow> rows = table();
    for (std::size_t first = 0; first < rows.size(); first += TG_LIMIT_SWEEP_KEYS) {
        Skb skb;
        for (std::size_t i = first; i < std::min(rows.size(), first + TG_LIMIT_SWEEP_KEYS); i++) {
            const tg_sweep_key key{rows[i].record.id, tg_word_generation(rows[i].record.word), 0,
                                   0};
            const Bytes bytes = bytes_of(key);
            skb.frame.bytes.insert(skb.frame.bytes.end(), bytes.begin(), bytes.end());
        }
        removed += static_cast<unsigned>(datapath_->run(Program::sweep, skb).action);
    }
    return removed;
}

std::array<std::uint32_t, TG_TIMEOUT_SLOTS> Router::timeouts() const
{
    return elements_.empty() ? default_timeouts
                             : std::to_array(elements_[TG_BANK_HEADER].header.timeouts);
}

std::vector<TableRow> Router::table() const
{
    std::vector<TableRow> rows;
    for (const tg_conn &record : datapath_->connections()) {
        TableRow row{record, 0, false};
        const std::uint64_t now = datapath_->now();
        row.idle = now > row.record.last_seen ? now - row.record.last_seen : 0;
        row.overdue = tg_overdue(now, row.record.last_seen,
                                 tg_conn_timeout(&row.record, row.record.word, timeouts().data()),
                                 datapath_->ticks_per_second());
        rows.push_back(row);
    }
    std::ranges::sort(rows, [](const TableRow &a, const TableRow &b) {
        return std::memcmp(&a.record.original, &b.record.original, sizeof(tg_tuple)) < 0;
    });
    return rows;
}

std::vector<std::string> Router::connections() const
{
    std::vector<std::string> lines;
    for (const TableRow &row : table()) {
        if (!row.overdue) {
            lines.push_back(to_string(row));
        }
    }
    return lines;
}

std::optional<tg_counter> Router::rule_counter(std::string_view comment) const
{
    for (const std::string_view menu : rule_menus) {
        for (const Item &item : config_.items(menu)) {
            if (item.value_or<std::string>("comment", "") == comment) {
                return rule_counters()[item.counter];
            }
        }
    }
    return std::nullopt;
}

std::uint64_t Router::counted_connections() const
{
    const std::uint32_t zero = 0;
    return value_of<tg_table>(*datapath_->lookup("tg_table", bytes_of(zero))).connections;
}

} // namespace tg::test
