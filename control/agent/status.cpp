// SPDX-License-Identifier: Apache-2.0
#include "control/agent/status.h"

#include <array>
#include <fstream>
#include <iterator>

#include "control/conntrack/store.h"

namespace tg {
namespace {

using nlohmann::json;

constexpr std::array<const char *, TG_VERDICT_DROP + 1> verdict_names = {
    "next", "pass", "input", "forward", "stack", "output", "answer", "hold", "drop"};

struct ReasonText {
    const char *name;
    tg_verdict verdict;
    const char *meaning;
};

constexpr std::array<ReasonText, TG_REASON_COUNT> reason_texts = {{
#define TG_X(name, text, verdict, meaning) {text, TG_VERDICT_##verdict, meaning},
    TG_REASONS(TG_X)
#undef TG_X
}};

json reasons_json(const maps::Reasons &reasons)
{
    json all = json::array();
    for (std::size_t i = 0; i < reasons.size(); i++) {
        if (reason_texts[i].verdict == TG_VERDICT_NEXT) {
            continue;
        }
        all.push_back({{"reason", reason_texts[i].name},
                       {"verdict", verdict_names[reason_texts[i].verdict]},
                       {"meaning", reason_texts[i].meaning},
                       {"packets", reasons[i].packets},
                       {"bytes", reasons[i].bytes}});
    }
    return all;
}

constexpr std::array<const char *, TG_ANSWER_COUNT> answer_names = {
#define TG_X(name, text) text,
    TG_ANSWERS(TG_X)
#undef TG_X
};

constexpr std::array<const char *, TG_TALLY_COUNT> tally_names = {
#define TG_X(name, text) text,
    TG_TALLIES(TG_X)
#undef TG_X
};

constexpr std::array<const char *, TG_PIECE_COUNT> piece_names = {
#define TG_X(name, text) text,
    TG_PIECES(TG_X)
#undef TG_X
};

// Packets by name.
template <std::size_t Count>
json packets_json(const std::array<const char *, Count> &names,
                  const std::array<tg_counter, Count> &counters)
{
    json all = json::object();
    for (std::size_t i = 0; i < Count; i++) {
        all[names[i]] = counters[i].packets;
    }
    return all;
}

json heartbeat_age(const maps::Instance &maps, const Clock &clock, std::uint64_t heartbeat)
{
    if (heartbeat == 0) {
        return nullptr;
    }
    const TickClock ticks(maps.layout, clock);
    const std::uint64_t now = ticks.now();
    const Duration age = ticks.duration(now > heartbeat ? now - heartbeat : 0);
    return static_cast<double>(age.count()) / 1000;
}

// Whether bpf_fib_lookup knows marks: the kernel describes what it has, to the names of flags.
bool kernel_is_asked_about_marks()
{
    std::ifstream file("/sys/kernel/btf/vmlinux", std::ios::binary);
    const std::string types{std::istreambuf_iterator<char>(file), {}};
    return types.find("BPF_FIB_LOOKUP_MARK") != std::string::npos;
}

} // namespace

tg_bank_header unarmed_header()
{
    tg_bank_header header = {};
    header.tracking = TG_TRACKING_ON;
    header.max_connections = TG_LIMIT_CONNECTIONS_DEFAULT;
    header.reserve = TG_LIMIT_RESERVE_MAX;
    return header;
}

Result<nlohmann::json> datapath_status(const maps::Instance &maps, const Clock &clock)
{
    const Result<tg_control> control = maps.control.read();
    const Result<tg_table> table = maps.table.read();
    const Result<maps::Reasons> reasons = maps.reason_counters.read();
    const Result<maps::Answers> answers = maps.answer_counters.read();
    const Result<maps::PieceCounts> pieces = maps.piece_counters.read();
    const Result<maps::Tallies> tallies = maps.tally_counters.read();
    for (const Error *error :
         {control ? nullptr : &control.error(), table ? nullptr : &table.error(),
          reasons ? nullptr : &reasons.error(), answers ? nullptr : &answers.error(),
          pieces ? nullptr : &pieces.error(), tallies ? nullptr : &tallies.error()}) {
        if (error != nullptr) {
            return std::unexpected(*error);
        }
    }
    const bool armed = control->bank != 0;
    const Result<tg_bank_header> header =
        armed ? maps.banks.header(control->bank) : unarmed_header();
    if (!header) {
        return std::unexpected(header.error());
    }
    const tg_shape shape = maps.table_memory.shape();
    return json{{"armed", armed},
                {"bank", control->bank},
                {"revision", header->revision},
                {"tracking", header->tracking == TG_TRACKING_ON},
                {"connections", table->connections},
                {"max-connections", header->max_connections},
                {"early-drops", table->early_drop},
                {"table-bytes", maps::table_bytes(shape)},
                {"table-moving", (shape.indexes & TG_SHAPE_MOVING) != 0},
                {"reserve", header->reserve},
                {"heartbeat-age", heartbeat_age(maps, clock, control->heartbeat)},
                {"routing-marks", kernel_is_asked_about_marks() ? "datapath" : "kernel"},
                {"listening", control->listening > TickClock(maps.layout, clock).now()},
                {"events-lost", table->events_lost},
                {"icmp-errors", packets_json(answer_names, *answers)},
                {"early-fragments", packets_json(piece_names, *pieces)},
                {"tallies", packets_json(tally_names, *tallies)},
                {"reasons", reasons_json(*reasons)}};
}

} // namespace tg
