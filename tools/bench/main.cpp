// SPDX-License-Identifier: Apache-2.0
// bench-runner: one JSON request a line in, one JSON answer a line out, for tools/bench/bench.py.
// Stays on the CPU its first argument names.
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <sched.h>

#include "tools/bench/live.h"
#include "tools/bench/replay.h"
#include "tools/bench/table.h"

namespace {

using namespace tg;
using bench::Json;

struct Benches {
    std::optional<bench::Live> live;
    std::optional<bench::Replayer> replayer;
    std::map<std::string, bench::Table> tables; // by the name a request gave them
};

Result<Json> send(bench::Live &live, const Json &request)
{
    const Result<bench_traffic> traffic = bench::parse_traffic(request.at("traffic"));
    if (!traffic) {
        return std::unexpected(traffic.error());
    }
    const Result<bench::Cost> cost =
        live.send(request.at("netns"), request.at("interface"), *traffic, request.at("count"));
    if (!cost) {
        return std::unexpected(cost.error());
    }
    return Json{{"sent", cost->sent}, {"cpu-ns", cost->cpu_ns}, {"wall-ns", cost->wall_ns}};
}

Result<Json> replay(bench::Replayer &replayer, const Json &request)
{
    const Result<bench_traffic> traffic = bench::parse_traffic(request.at("traffic"));
    if (!traffic) {
        return std::unexpected(traffic.error());
    }
    const Result<bench::Replayed> ran =
        replayer.run({.xdp = request.at("hook") == "xdp",
                      .program = request.at("program"),
                      .netns = request.at("netns"),
                      .ifindex = request.at("ifindex"),
                      .ingress_ifindex = request.value("ingress-ifindex", 0U),
                      .count = request.at("count"),
                      .bare = request.value("bare", false)},
                     *traffic);
    if (!ran) {
        return std::unexpected(ran.error());
    }
    return Json{{"ns", ran->ns}, {"answer", ran->answer}};
}

Result<Json> table_open(Benches &benches, const Json &request)
{
    Result<bench::Table> table = bench::Table::open({.candidate = request.at("candidate"),
                                                     .connections = request.at("connections"),
                                                     .nat = request.at("nat"),
                                                     .target = request.value("target", 0U)});
    if (!table) {
        return std::unexpected(table.error());
    }
    benches.tables.insert_or_assign(request.at("table"), std::move(*table));
    return Json::object();
}

Result<Json> table_run(bench::Table &table, const Json &request)
{
    const Json &words = request.at("traffic");
    const Result<bench_traffic> traffic = bench::parse_traffic(words);
    if (!traffic) {
        return std::unexpected(traffic.error());
    }
    const Result<bench::TableRun> ran = table.run(
        request.at("operation"), bench::parse_table_run(*traffic, words), request.at("count"));
    if (!ran) {
        return std::unexpected(ran.error());
    }
    return Json{{"ns", ran->ns}, {"good", ran->good}};
}

Result<Json> of(const Result<void> &done)
{
    return done ? Result<Json>(Json::object()) : std::unexpected(done.error());
}

Result<Json> table_answer(Benches &benches, const std::string &wanted, const Json &request)
{
    if (wanted == "table-open") {
        return table_open(benches, request);
    }
    bench::Table &table = benches.tables.at(request.at("table"));
    if (wanted == "table-run") {
        return table_run(table, request);
    }
    if (wanted == "table-memory") {
        return Json{{"bytes", table.memory()}};
    }
    if (wanted == "table-device") {
        return of(
            benches.live->attach(request.at("netns"), request.at("interface"), table.device()));
    }
    if (wanted == "table-close") {
        benches.tables.erase(request.at("table"));
        return Json::object();
    }
    return fail(fmt::format("do not know how to \"{}\"", wanted));
}

Result<Json> answer(Benches &benches, const Json &request)
{
    const std::string wanted = request.at("do");
    bench::Live &live = *benches.live;
    if (wanted == "sink") {
        return of(live.attach_sink(request.at("netns"), request.at("interface")));
    }
    if (wanted == "device") {
        return of(live.attach_device(request.at("netns"), request.at("interface"),
                                     request.at("program"), request.at("target")));
    }
    if (wanted == "send") {
        return send(live, request);
    }
    if (wanted == "arrived") {
        const Result<bench::Arrived> arrived = live.arrived(request.at("ifindex"));
        return arrived ? Result<Json>(Json{{"frames", arrived->frames}, {"ttl", arrived->ttl}})
                       : std::unexpected(arrived.error());
    }
    if (wanted == "replay") {
        return replay(*benches.replayer, request);
    }
    if (wanted == "forget") {
        const Result<std::uint64_t> removed = bench::forget_connections(request.at("bpffs"));
        return removed ? Result<Json>(Json{{"removed", *removed}})
                       : std::unexpected(removed.error());
    }
    return table_answer(benches, wanted, request);
}

bool stay_on(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

int serve()
{
    Result<bench::Live> live = bench::Live::open();
    Result<bench::Replayer> replayer = bench::Replayer::open();
    if (!live || !replayer) {
        std::cerr << to_string(live ? replayer.error() : live.error()) << '\n';
        return 1;
    }
    Benches benches = {std::move(*live), std::move(*replayer), {}};
    for (std::string line; std::getline(std::cin, line);) {
        Json reply;
        try {
            const Result<Json> result = answer(benches, Json::parse(line));
            reply = result ? *result : Json{{"error", to_string(result.error())}};
        } catch (const std::exception &bad) {
            reply = {{"error", bad.what()}};
        }
        std::cout << reply.dump() << std::endl;
    }
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2 || !stay_on(std::atoi(argv[1]))) {
        std::cerr << "usage: bench-runner CPU\n";
        return 2;
    }
    return serve();
}
