// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/case.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <linux/pkt_cls.h>
#include <map>
#include <sstream>

#include "bpf/core/throughput.h"
#include "control/base/text.h"
#include "tests/harness/case_words.h"
#include "tests/harness/icmp_error.h"
#include "tests/harness/kernel_version.h"
#include "tests/harness/sent.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

// What is wrong in the step that is being run.
class Differences {
public:
    Differences(const Case &test, std::vector<std::string> &lines) : test_(test), lines_(lines) {}
    void at(const Step &step)
    {
        step_ = &step;
    }
    void add(const std::string &text)
    {
        lines_.push_back(
            fmt::format("{}:{}: {}", test_.file.filename().string(), step_->line, text));
    }
    template <class T> void expect(std::string_view what, const T &expected, const T &found)
    {
        if (!(expected == found)) {
            add(fmt::format("{}: expected {}, found {}", what, expected, found));
        }
    }

private:
    const Case &test_;
    std::vector<std::string> &lines_;
    const Step *step_ = nullptr;
};

std::string action_name(int action)
{
    switch (action) {
    case TC_ACT_UNSPEC:
        return "next";
    case TC_ACT_SHOT:
        return "drop";
    case TC_ACT_REDIRECT:
        return "redirect";
    default:
        return fmt::format("{}", action);
    }
}

// The TTL or hop limit of the frame's outermost IP header.
unsigned frame_ttl(const Bytes &frame)
{
    if (frame.size() < 34) {
        return 0;
    }
    const std::size_t tag = frame[12] == 0x81 && frame[13] == 0 ? 4 : 0;
    return frame[12 + tag] == 0x08 ? frame[22 + tag] : frame[21 + tag];
}

std::string interface_name(std::uint32_t ifindex)
{
    const Interface *port = find_interface(ifindex);
    return port == nullptr ? fmt::format("{}", ifindex) : std::string(port->name);
}

void check_fact(const std::string &name, const std::string &value, const Outcome &outcome,
                Differences &differences)
{
    if (name == "action") {
        differences.expect(name, value, action_name(outcome.action));
    } else if (name == "ttl") {
        differences.expect(name, value, fmt::format("{}", frame_ttl(outcome.frame)));
    } else if (name == "counted") {
        differences.expect(name, value, fmt::format("{}/{}", outcome.packets, outcome.bytes));
    } else if (name == "to") {
        if (outcome.redirect) {
            differences.expect(name, value, interface_name(*outcome.redirect));
        }
    } else if (name == "leaves") {
        for (const std::string &fault : judge_sent(outcome, *find_interface(value))) {
            differences.add(fault);
        }
    } else if (name == "error") {
        differences.expect(name, value, error_said(outcome.frame).value_or("none"));
    } else if (name == "changed") {
        differences.expect(name, value, std::string(outcome.changed ? "yes" : "no"));
    } else if (name == "priority") {
        if (outcome.priority) {
            differences.expect(name, value, fmt::format("{}", *outcome.priority));
        }
    } else if (name == "tag") {
        if (outcome.tag) {
            differences.expect(name, value, fmt::format("{:#x}", *outcome.tag));
        }
    } else {
        differences.add("no fact \"" + name + "\"");
    }
}

// Takes "as PACKET" off what is expected of a packet and has the outcome judged as if that had
// come.
void check_translation(const Step &step, std::string &expected, Outcome &outcome,
                       Differences &differences)
{
    const std::size_t as = expected.find(" as ");
    if (as == std::string::npos) {
        if (outcome.changed && expected.find(" changed=") == std::string::npos) {
            differences.add("a packet that the datapath does not send was changed");
        }
        return;
    }
    Step other = step;
    const std::size_t packet = step.text.find(" ip");
    other.text = step.text.substr(0, packet) + " " + expected.substr(as + 4);
    expected.resize(as);
    const auto built = read_packet(other);
    if (!built) {
        differences.add("as: " + built.error().message);
        return;
    }
    outcome.came = built->frame.bytes;
    if (outcome.action == TC_ACT_REDIRECT && expected.find(" leaves=") == std::string::npos) {
        differences.add("what a packet that is sent has become is seen with leaves= only");
    }
    if (outcome.action != TC_ACT_REDIRECT && outcome.frame != outcome.came) {
        differences.add(fmt::format("became {:02x}\n  instead of {:02x}",
                                    fmt::join(outcome.frame, ""), fmt::join(outcome.came, "")));
    }
}

void check_outcome(const Step &step, Outcome outcome, Differences &differences)
{
    for (const std::string &fault : outcome.faults) {
        differences.add(fault);
    }
    std::string rest = step.expected;
    check_translation(step, rest, outcome, differences);
    if (rest.empty()) {
        return;
    }
    const std::string reason = first_word(rest);
    differences.expect("reason", reason, outcome.reason.empty() ? "uncounted" : outcome.reason);
    while (!rest.empty()) {
        std::string fact = first_word(rest);
        const std::size_t equals = fact.find('=');
        if (equals != std::string::npos) {
            check_fact(fact.substr(0, equals), fact.substr(equals + 1), outcome, differences);
        } else {
            differences.expect("connection-state", fact == "-" ? "" : fact, outcome.state);
        }
    }
}

std::string mac_of_host(std::string_view address)
{
    for (const Neighbour &host : neighbours) {
        if (host.address == address) {
            return std::string(host.mac);
        }
    }
    return "02:00:00:00:99:99";
}

// Packets that say nothing of Ethernet get the addresses a host on the wire would write.
std::string with_ethernet(const std::string &packet, const Interface &port)
{
    if (packet.starts_with("ethernet")) {
        return packet;
    }
    return fmt::format("ethernet dst={} src={} | {}", port.mac, mac_of_host(""), packet);
}

Result<Hook> parse_hook(const std::string &word, std::string &text)
{
    Hook hook{.egress = word == "out"};
    const std::string name = first_word(text);
    const Interface *port = find_interface(name);
    if (port == nullptr) {
        return fail("no interface " + name);
    }
    hook.ifindex = port->ifindex;
    if (text.starts_with("from ")) {
        first_word(text);
        const Interface *from = find_interface(first_word(text));
        if (from == nullptr) {
            return fail("no such interface behind \"from\"");
        }
        hook.from_ifindex = from->ifindex;
    }
    if (text.starts_with("tag ")) {
        first_word(text);
        hook.tag = static_cast<std::uint16_t>(std::stoul(first_word(text), nullptr, 0));
    }
    if (text.starts_with("priority ")) {
        first_word(text);
        hook.priority = static_cast<std::uint32_t>(std::stoul(first_word(text)));
    }
    return hook;
}

void run_packet(const Step &step, Router &router, Differences &differences)
{
    const auto packet = read_packet(step);
    if (!packet) {
        differences.add(packet.error().message);
        return;
    }
    const Outcome outcome = router.packet(packet->hook, packet->frame);
    if (outcome.refused) {
        differences.add("a test run does not take this packet: put it behind \"hosted\"");
        return;
    }
    check_outcome(step, outcome, differences);
}

void run_agent(const Step &step, Router &router, Differences &differences)
{
    const std::vector<Outcome> outcomes = router.act_on_pieces();
    differences.expect("fragments", step.text, fmt::format("{}", outcomes.size()));
    for (const Outcome &outcome : outcomes) {
        check_outcome(step, outcome, differences);
    }
}

void run_wait(const Step &step, Router &router, Differences &differences)
{
    const auto duration = parse_duration(step.text);
    if (!duration) {
        differences.add(duration.error().message);
        return;
    }
    router.wait(*duration);
}

// "192.0.2.1:80" or "[2001:db8::1]:80"
bool split_endpoint(const std::string &text, std::string &address, std::uint16_t &port)
{
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) {
        return false;
    }
    address = text.substr(0, colon);
    if (address.starts_with('[')) {
        address = address.substr(1, address.size() - 2);
    }
    port = static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1)));
    return true;
}

void run_socket(const Step &step, Router &router, Differences &differences)
{
    const auto socket = read_socket(step);
    if (!socket) {
        differences.add(socket.error().message);
        return;
    }
    router.datapath().add_socket(*socket);
}

void run_rules(const Step &step, Router &router, Differences &differences)
{
    const auto done = router.commit(fmt::format("{}\n", fmt::join(step.block, "\n")));
    if (!done) {
        differences.add("rules: " + to_string(done.error()));
    }
}

void run_connections(const Step &step, Router &router, Differences &differences)
{
    auto expected = step.block;
    std::erase(expected, "");
    auto found = router.connections();
    std::ranges::sort(expected);
    std::ranges::sort(found);
    if (expected != found) {
        differences.add(fmt::format("connections: expected\n      {}\n    found\n      {}",
                                    fmt::join(expected, "\n      "), fmt::join(found, "\n      ")));
    }
    const std::size_t rows = router.table().size();
    differences.expect<std::uint64_t>("number of connections", rows, router.counted_connections());
}

// The lines of a block that have to be there in this order.
void expect_lines(const Step &step, const std::vector<std::string> &found, Differences &differences)
{
    auto expected = step.block;
    std::erase(expected, "");
    differences.expect(step.word, fmt::format("\n      {}", fmt::join(expected, "\n      ")),
                       fmt::format("\n      {}", fmt::join(found, "\n      ")));
}

void run_events(const Step &step, Router &router, Differences &differences)
{
#define TG_X(name, text) std::string_view{text},
    constexpr std::array names = {TG_EVENTS(TG_X)};
#undef TG_X
    std::vector<std::string> found;
    for (const tg_event &event : router.datapath().take_events()) {
        found.push_back(
            fmt::format("{} {}", names.at(event.kind), to_string(TableRow{event.conn, 0, false})));
    }
    expect_lines(step, found, differences);
}

// In the table's order.
void run_rates(const Step &step, Router &router, Differences &differences)
{
    std::vector<std::string> found;
    const Datapath &datapath = router.datapath();
    for (const TableRow &row : router.table()) {
        const auto rate = [&](tg_direction direction) {
            return tg_throughput_now(&row.record, direction, datapath.now(),
                                     datapath.ticks_per_second());
        };
        found.push_back(fmt::format("{}/{}", rate(TG_ORIGINAL), rate(TG_REPLY)));
    }
    expect_lines(step, found, differences);
}

void run_count(const Step &step, Router &router, Differences &differences)
{
    const std::size_t last = step.text.rfind(' ');
    const std::string comment = strip(step.text.substr(0, last));
    const auto counter = router.rule_counter(comment);
    if (!counter) {
        differences.add("no rule with the comment " + comment);
        return;
    }
    differences.expect("counter of " + comment, step.text.substr(last + 1),
                       fmt::format("{}/{}", static_cast<std::uint64_t>(counter->packets),
                                   static_cast<std::uint64_t>(counter->bytes)));
}

void run_step(const Step &step, Router &router, Differences &differences)
{
    if (is_packet(step.word)) {
        run_packet(step, router, differences);
    } else if (step.word == "agent") {
        run_agent(step, router, differences);
    } else if (step.word == "rules") {
        run_rules(step, router, differences);
    } else if (step.word == "wait") {
        run_wait(step, router, differences);
    } else if (step.word == "connections") {
        run_connections(step, router, differences);
    } else if (step.word == "events") {
        run_events(step, router, differences);
    } else if (step.word == "log") {
        expect_lines(step, router.log(), differences);
    } else if (step.word == "lost-lines") {
        differences.expect("lost lines", step.text, fmt::format("{}", router.lost_lines()));
    } else if (step.word == "rates") {
        run_rates(step, router, differences);
    } else if (step.word == "count") {
        run_count(step, router, differences);
    } else if (step.word == "socket") {
        run_socket(step, router, differences);
    } else if (step.word == "sweep") {
        differences.expect("removed", step.text, fmt::format("{}", router.sweep()));
    }
}

} // namespace

Result<PacketStep> read_packet(const Step &step)
{
    std::string text = step.text;
    const auto hook = parse_hook(step.word, text);
    if (!hook) {
        return std::unexpected(hook.error());
    }
    auto built = build_frame(with_ethernet(text, *find_interface(hook->ifindex)));
    if (!built) {
        return std::unexpected(built.error());
    }
    return PacketStep{*hook, std::move(*built)};
}

Result<Socket> read_socket(const Step &step)
{
    std::string remote = step.text;
    Socket socket{.udp = remote.starts_with("udp ")};
    if (socket.udp) {
        first_word(remote);
    }
    const std::string local = first_word(remote);
    if (!split_endpoint(local, socket.local, socket.local_port) ||
        (!remote.empty() && !split_endpoint(remote, socket.remote, socket.remote_port))) {
        return fail("a socket needs ADDRESS:PORT");
    }
    return socket;
}

std::vector<std::string> run_case(const Case &test, Router &router, bool hosted)
{
    std::vector<std::string> lines;
    Differences differences(test, lines);
    router.reset();
    for (const Step &step : test.steps) {
        if (step.word == "since") {
            if (!kernel_is_since(step.text)) {
                break;
            }
        } else if (step.word == "on") {
            if (hosted) {
                hosted_on = step.text;
            } else if (kernel_is_since(step.text)) {
                break;
            }
        } else if (step.word == "hosted") {
            if (!hosted) {
                break;
            }
            continue;
        }
        differences.at(step);
        run_step(step, router, differences);
    }
    router.datapath().close_sockets(); // the next case may be another router's beside this one
    hosted_on.clear();
    return lines;
}

} // namespace tg::test
