// SPDX-License-Identifier: Apache-2.0
// The screen of `tidegate status`: loader's and datapath's facts side by side.
#include <chrono>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "control/agent/lock.h"
#include "control/agent/status.h"
#include "control/rpc/client.h"
#include "tools/tidegate/process.h"
#include "tools/tidegate/service.h"

namespace tg::cli {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds agent_patience{2000};

// What of the packets that came in by each interface XDP did not finish.
Result<void> add_counters(const maps::Instance &maps, json &interfaces)
{
    const auto attached = maps.attached.all();
    if (!attached) {
        return std::unexpected(attached.error());
    }
    for (json &each : interfaces) {
        const auto found = attached->find(each["ifindex"].get<std::uint32_t>());
        const tg_attached counted = found == attached->end() ? tg_attached{} : found->second;
        each["handed-over"] = counted.handed_over;
        each["stack-forwarded"] = counted.stack_forwarded;
        each["redirect-lost"] = counted.redirect_lost;
    }
    return {};
}

// What only the agent knows; a status does not wait long for one that is busy or stuck.
json agent_status(const Instance &instance)
{
    const std::optional<pid_t> pid = running_agent(instance);
    if (!pid) {
        return {{"running", false}};
    }
    json facts = {{"running", true}, {"pid", *pid}};
    Result<rpc::Client> client = rpc::Client::connect(control_socket(instance));
    if (const Result<void> patient =
            client ? client->wait_no_longer_than(agent_patience) : std::unexpected(client.error());
        !patient) {
        facts["problem"] = patient.error().message;
        return facts;
    }
    const rpc::Answer<json> answer = client->call("status", json::object());
    if (answer) {
        facts["nat"] = (*answer)["nat"];
    } else {
        facts["problem"] = answer.error().message;
    }
    return facts;
}

Result<json> gather(const Instance &instance)
{
    const Result<std::string> loaded =
        run_program("tidegate-loader", {"status", "-j", "--instance", instance.name()});
    if (!loaded) {
        return std::unexpected(loaded.error());
    }
    json facts = json::parse(*loaded, nullptr, false);
    if (!facts.is_object()) {
        return fail("tidegate-loader answered with something else than its status");
    }
    facts["agent"] = agent_status(instance);
    facts["datapath"] = nullptr;
    if (facts.value("loaded", false)) {
        const Result<maps::Instance> maps = maps::Instance::open(instance.bpffs());
        if (!maps) {
            return std::unexpected(maps.error());
        }
        Result<json> datapath = datapath_status(*maps, host_clock());
        if (!datapath) {
            return std::unexpected(datapath.error());
        }
        facts["datapath"] = std::move(*datapath);
        if (const Result<void> added = add_counters(*maps, facts["interfaces"]); !added) {
            return std::unexpected(added.error());
        }
    }
    return facts;
}

// One line, "title: 3 of this, 4 of that"; nothing if all are 0.
std::string counts_text(std::string_view title, const json &packets_by_name)
{
    std::string counts;
    for (const auto &[name, packets] : packets_by_name.items()) {
        if (packets != 0) {
            counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ",
                                  group_thousands(packets.get<std::uint64_t>()), name);
        }
    }
    return counts.empty() ? "" : fmt::format("{}: {}\n", title, counts);
}

std::string datapath_text(const json &datapath)
{
    std::string text =
        datapath.value("armed", false)
            ? fmt::format("rules: revision {} in force\n", datapath["revision"].get<long>())
            : std::string("rules: not armed, nothing is dropped before the first commit\n");
    text += fmt::format(
        "connections: {} of {} in {} MiB, tracking {}\n", datapath["connections"].get<long>(),
        datapath["max-connections"].get<long>(), datapath["table-bytes"].get<long>() >> 20,
        datapath["tracking"].is_boolean() ? (datapath["tracking"].get<bool>() ? "on" : "off")
                                          : datapath["tracking"].dump());
    if (const auto early = datapath["early-drops"].get<std::uint64_t>(); early != 0) {
        text += fmt::format("early drops: {} connections gave way to new ones\n",
                            group_thousands(early));
    }
    if (const std::uint64_t lost = datapath["events-lost"].get<std::uint64_t>(); lost != 0) {
        text += fmt::format("events of connections lost before a follower read them: {}\n",
                            group_thousands(lost));
    }
    if (datapath["routing-marks"] == "kernel") {
        text += "routing marks: packets with one are routed by the kernel, which the datapath "
                "cannot ask about marks before Linux 6.10\n";
    }
    if (const auto count = datapath["tallies"]["checksum-unverified"].get<std::uint64_t>();
        count != 0) {
        text += fmt::format("checksums not verified (long, many segments, fragments): {} packets\n",
                            group_thousands(count));
    }
    if (const auto lost = datapath["tallies"]["log-lines-lost"].get<std::uint64_t>(); lost != 0) {
        text += fmt::format("lines of rules not written to the log: {}\n", group_thousands(lost));
    }
    text += counts_text("ICMP errors to senders", datapath["icmp-errors"]);
    text += counts_text("fragments before their first", datapath["early-fragments"]);
    text += fmt::format("{:<22}{:>14}{:>18}  {}\n", "packets by reason", "packets", "bytes", "");
    for (const json &reason : datapath["reasons"]) {
        if (reason["packets"] == 0) {
            continue;
        }
        text += fmt::format("  {:<20}{:>14}{:>18}  {}\n", reason["reason"].get<std::string>(),
                            group_thousands(reason["packets"].get<std::uint64_t>()),
                            group_thousands(reason["bytes"].get<std::uint64_t>()),
                            reason["meaning"].get<std::string>());
    }
    return text;
}

// What external addresses have given out of their ports.
std::string nat_text(const json &uses)
{
    std::string text;
    for (const json &use : uses) {
        text += fmt::format("nat: {} {} {}: {} connections, {} of {} ports to one remote end{}\n",
                            use["address"].get<std::string>(), use["protocol"].get<std::string>(),
                            use["range"].get<std::string>(),
                            group_thousands(use["connections"].get<std::uint64_t>()),
                            group_thousands(use["ports"].get<std::uint64_t>()),
                            group_thousands(use["of"].get<std::uint64_t>()),
                            use["alarm"].get<bool>() ? ", ALARM: hardly any left" : "");
    }
    return text;
}

std::string interface_text(const json &each)
{
    const auto word = [&each](const char *name) { return each[name].get<std::string>(); };
    const auto count = [&each](const char *name) {
        return group_thousands(each.value(name, std::uint64_t{0}));
    };
    std::string text = fmt::format("interface {}: mode {} by {} (asked: {}; {})\n", word("name"),
                                   word("mode"), word("link"), word("asked"), word("why"));
    if (word("mode") != "tc") {
        text += fmt::format("  frames to it are sent by {} ({}); handed over to tc: {} packets\n",
                            word("sends-by"), word("sends-by-why"), count("handed-over"));
    }
    if (each.value("redirect-lost", std::uint64_t{0}) != 0) {
        text +=
            fmt::format("  lost as XDP redirected them to it: {} frames\n", count("redirect-lost"));
    }
    if (const std::string advice = word("advice"); !advice.empty()) {
        text += fmt::format("  {}\n", advice);
    }
    if (each.value("stack-forwarded", std::uint64_t{0}) != 0) {
        text += fmt::format("  forwarded by the kernel: {} packets\n", count("stack-forwarded"));
    }
    return text;
}

std::string agent_text(const json &agent)
{
    if (!agent["running"].get<bool>()) {
        return "agent: not running; the last committed rules hold\n";
    }
    const std::string problem = agent.value("problem", "");
    return fmt::format("agent: running, pid {}{}\n", agent["pid"].get<int>(),
                       problem.empty() ? "" : ", but: " + problem);
}

std::string to_text(const Instance &instance, const json &facts)
{
    std::string text = fmt::format("instance {}: {}\n", instance.name(),
                                   facts.value("loaded", false) ? "loaded" : "not loaded");
    if (const std::string problem = facts.value("problem", ""); !problem.empty()) {
        text += fmt::format("problem: {}\n", problem);
    }
    text += agent_text(facts["agent"]);
    for (const json &each : facts["interfaces"]) {
        text += interface_text(each);
    }
    if (facts["confirm"].is_object()) {
        text += fmt::format("detaches again in {} s unless confirmed\n",
                            facts["confirm"]["seconds"].dump());
    }
    text += nat_text(facts["agent"].value("nat", json::array()));
    return facts["datapath"].is_null() ? text : text + datapath_text(facts["datapath"]);
}

} // namespace

Result<std::string> status(const Instance &instance, bool as_json)
{
    const Result<json> facts = gather(instance);
    if (!facts) {
        return std::unexpected(facts.error());
    }
    return as_json ? facts->dump(2) + "\n" : to_text(instance, *facts);
}

} // namespace tg::cli
