// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/pair.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>

#include "control/base/net.h"
#include "control/base/text.h"
#include "tests/harness/topology.h"
#include "tidegate/control.h"
#include "tidegate/maps.h"

namespace tg::test {
namespace {

using Entries = std::vector<std::pair<Bytes, Bytes>>;

// A map's entries in order, with the time since each event in place of the time of the event.
template <class Value>
Entries aged(const Datapath &datapath, std::string_view map,
             std::initializer_list<__u64 Value::*> times)
{
    Entries entries = datapath.entries(map);
    for (auto &[key, bytes] : entries) {
        auto value = value_of<Value>(bytes);
        for (const auto time : times) {
            value.*time = value.*time == 0 ? 0 : datapath.now() - value.*time + 1;
        }
        bytes = bytes_of(value);
    }
    std::ranges::sort(entries);
    return entries;
}

// A record, wherever in the table it lies.
tg_conn aged_record(tg_conn record, std::uint64_t now)
{
    record.last_seen = now - record.last_seen + 1;
    record.created = now - record.created + 1;
    record.throughput.sampled = now - record.throughput.sampled + 1;
    record.id = 0;
    if (record.original.protocol == IPPROTO_UDP) {
        for (tg_mapped &mapped : record.mapped) {
            mapped.id = mapped.id == 0 ? 0 : 1; // its generation says which
        }
    }
    for (auto *next : {record.original_next, record.reply_next}) {
        std::fill_n(next, TG_INDEXES, 0);
    }
    return record;
}

// What was told of connections, each by its number.
Entries aged_events(Datapath &datapath)
{
    Entries entries;
    for (tg_event event : datapath.take_events()) {
        event.time = datapath.now() - event.time + 1;
        event.conn = aged_record(event.conn, datapath.now());
        entries.emplace_back(bytes_of(entries.size()), bytes_of(event));
    }
    return entries;
}

// The connections by their original tuple.
Entries aged_connections(const Datapath &datapath)
{
    Entries entries;
    for (const tg_conn &record : datapath.connections()) {
        entries.emplace_back(bytes_of(record.original),
                             bytes_of(aged_record(record, datapath.now())));
    }
    std::ranges::sort(entries);
    return entries;
}

// All that the programs have stored. The counters are those of userspace: summed over the CPUs.
struct Memory {
    explicit Memory(Router &router)
        : connections(aged_connections(router.datapath())), events(aged_events(router.datapath())),
          fragments(aged<tg_fragment>(router.datapath(), "tg_fragments", {&tg_fragment::seen})),
          attached(
              aged<tg_attached>(router.datapath(), "tg_attached", {&tg_attached::dhcp_request})),
          table(router.datapath().entries("tg_table")), reasons(router.reasons()),
          rules(router.rule_counters())
    {
    }

    Entries connections, events, fragments, attached, table;
    std::vector<tg_counter> reasons, rules;
};

std::string hex(const Bytes &bytes)
{
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

void compare(std::string_view what, const Entries &hosted, const Entries &kernel,
             std::vector<std::string> &differences)
{
    Entries only_hosted, only_kernel;
    std::ranges::set_difference(hosted, kernel, std::back_inserter(only_hosted));
    std::ranges::set_difference(kernel, hosted, std::back_inserter(only_kernel));
    for (const auto &[key, value] : only_hosted) {
        differences.push_back(fmt::format("{} hosted: {} {}", what, hex(key), hex(value)));
    }
    for (const auto &[key, value] : only_kernel) {
        differences.push_back(fmt::format("{} kernel: {} {}", what, hex(key), hex(value)));
    }
}

void compare(std::string_view what, const std::vector<tg_counter> &hosted,
             const std::vector<tg_counter> &kernel, std::vector<std::string> &differences)
{
    const auto text = [](const tg_counter &counter) {
        return fmt::format("{}/{}", std::uint64_t{counter.packets}, std::uint64_t{counter.bytes});
    };
    for (std::size_t i = 0; i < std::max(hosted.size(), kernel.size()); i++) {
        const std::string a = i < hosted.size() ? text(hosted[i]) : "none";
        const std::string b = i < kernel.size() ? text(kernel[i]) : "none";
        if (a != b) {
            differences.push_back(fmt::format("{} {}: hosted {}, kernel {}", what, i, a, b));
        }
    }
}

void compare_memory(Router &hosted, Router &kernel, std::vector<std::string> &differences)
{
    const Memory a(hosted), b(kernel);
    if (a.connections != b.connections) {
        const auto lines = [](const Router &router) {
            std::vector<std::string> result;
            for (const TableRow &row : router.table()) {
                result.push_back(fmt::format("{} {:016x} idle {}", to_string(row),
                                             std::uint64_t{row.record.word}, row.idle));
            }
            return fmt::format("\n    {}", fmt::join(result, "\n    "));
        };
        differences.push_back("connections hosted:" + lines(hosted));
        differences.push_back("connections kernel:" + lines(kernel));
    }
    compare("connection", a.connections, b.connections, differences);
    compare("event", a.events, b.events, differences);
    compare("fragment", a.fragments, b.fragments, differences);
    compare("interface", a.attached, b.attached, differences);
    compare("table", a.table, b.table, differences);
    compare("reason", a.reasons, b.reasons, differences);
    compare("rule", a.rules, b.rules, differences);
    if (hosted.table().size() != hosted.counted_connections()) {
        differences.push_back(fmt::format("{} connections are counted as {}", hosted.table().size(),
                                          hosted.counted_connections()));
    }
}

void compare_outcomes(const Outcome &hosted, const Outcome &kernel,
                      std::vector<std::string> &differences)
{
    for (const std::string &fault : hosted.faults) {
        differences.push_back("hosted: " + fault);
    }
    for (const std::string &fault : kernel.faults) {
        differences.push_back("kernel: " + fault);
    }
    if (hosted == kernel) {
        return;
    }
    differences.push_back("hosted: " + to_string(hosted));
    differences.push_back("kernel: " + to_string(kernel));
    if (hosted.frame != kernel.frame) {
        differences.push_back("frame hosted: " + hex(hosted.frame));
        differences.push_back("frame kernel: " + hex(kernel.frame));
    }
}

std::string no_error(const Result<void> &result)
{
    return result ? "" : to_string(result.error());
}

} // namespace

// Whether packets with ports belong to it that answer from outside to what they were translated to.
bool answerable(const TableRow &row)
{
    const tg_tuple &reply = row.record.reply;
    return (tg_word_flags(row.record.word) & TG_CONN_TRANSLATED) != 0 && reply.mapping == 0 &&
           row.record.out_ifindex != 0 &&
           (reply.protocol == IPPROTO_TCP || reply.protocol == IPPROTO_UDP);
}

// The packet that answers one of the translated connections; "": there is none.
std::string answer(const std::vector<TableRow> &table, const std::string &text)
{
    std::vector<TableRow> rows;
    std::ranges::copy_if(table, std::back_inserter(rows), answerable);
    if (rows.empty()) {
        return "";
    }
    const auto [number, stranger] = std::div(std::stoi(text), 2);
    const tg_conn &record = rows[static_cast<std::size_t>(number) % rows.size()].record;
    const Interface *way = find_interface(record.out_ifindex);
    if (way == nullptr) {
        return "";
    }
    const tg_tuple &reply = record.reply;
    const bool tcp = reply.protocol == IPPROTO_TCP;
    return fmt::format("{} {} src={} dst={} | {} src-port={} dst-port={}{}", way->name,
                       reply.family == TG_FAMILY_IPV4 ? "ipv4" : "ipv6",
                       to_string(Address{reply.src}), to_string(Address{reply.dst}),
                       tcp ? "tcp" : "udp", ntohs(reply.src_port) ^ stranger, ntohs(reply.dst_port),
                       tcp ? " flags=SA" : " | data 20");
}

// The hosted router's clock ticks as fast as the kernel's, so that both round times alike.
Pair::Pair()
    : kernel_(make_kernel_datapath()),
      hosted_(make_hosted_datapath(kernel_.datapath().ticks_per_second()))
{
}

void Pair::reset()
{
    kernel_.reset();
    hosted_.reset();
}

PairStep Pair::run_packet(const Step &step)
{
    PairStep result;
    const auto packet = read_packet(step);
    if (!packet) {
        result.differences.push_back("the packet cannot be built: " + packet.error().message);
        return result;
    }
    const Outcome kernel = kernel_.packet(packet->hook, packet->frame);
    if (kernel.refused) {
        return result;
    }
    result.outcome = hosted_.packet(packet->hook, packet->frame);
    compare_outcomes(*result.outcome, kernel, result.differences);
    return result;
}

// Does it to both; a text that is not the same, or is no number, is a difference.
std::vector<std::string> Pair::both(const std::function<std::string(Router &)> &action)
{
    const std::string hosted = action(hosted_), kernel = action(kernel_);
    if (hosted == kernel && hosted.find_first_not_of("0123456789") == std::string::npos) {
        return {};
    }
    return {"hosted: " + hosted, "kernel: " + kernel};
}

PairStep Pair::run(const Step &step)
{
    PairStep result;
    if (step.word == "in" || step.word == "out") {
        result = run_packet(step);
    } else if (step.word == "answer") {
        const std::string packet = answer(table(), step.text);
        if (!packet.empty()) {
            result = run_packet({.word = "in", .text = packet});
        }
    } else if (step.word == "agent") {
        const auto kernel = kernel_.act_on_pieces(), hosted = hosted_.act_on_pieces();
        for (std::size_t i = 0; i < std::min(kernel.size(), hosted.size()); i++) {
            compare_outcomes(hosted[i], kernel[i], result.differences);
        }
        if (kernel.size() != hosted.size()) {
            result.differences.push_back(
                fmt::format("fragments hosted: {}, kernel: {}", hosted.size(), kernel.size()));
        }
        result.pieces = hosted;
    } else if (step.word == "wait") {
        const auto duration = parse_duration(step.text).value();
        hosted_.wait(duration);
        kernel_.wait(duration);
    } else if (step.word == "sweep") {
        result.differences = both([](Router &router) { return fmt::format("{}", router.sweep()); });
    } else if (step.word == "rules") {
        const std::string rules = fmt::format("{}\n", fmt::join(step.block, "\n"));
        result.differences = both([&](Router &router) { return no_error(router.commit(rules)); });
    } else if (step.word == "socket") {
        const Socket socket = read_socket(step).value();
        hosted_.datapath().add_socket(socket);
        kernel_.datapath().add_socket(socket);
    } else {
        result.differences = {"no step " + step.word};
    }
    compare_memory(hosted_, kernel_, result.differences);
    return result;
}

} // namespace tg::test
