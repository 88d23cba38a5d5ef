// SPDX-License-Identifier: Apache-2.0
// The per-CPU counters, summed over all CPUs: of rules by rule id, of packets by reason, of the
// answers to them, of fragments that were held.
#pragma once

#include <array>
#include <span>

#include "control/maps/map.h"
#include "tidegate/conn.h"
#include "tidegate/control.h"
#include "tidegate/fragment.h"
#include "tidegate/verdict.h"

namespace tg::maps {

// The kernel hands out one value of a per-CPU map for each possible CPU, present or not.
Result<std::size_t> possible_cpus();

// A per-CPU array of counters.
struct CounterMap {
    PinnedMap map;
    std::size_t cpus;
};
Result<CounterMap> open_counters(const std::filesystem::path &bpffs, const char *name);
// The first ones, as many as there is room for.
Result<void> read_counters(const CounterMap &map, std::span<tg_counter> into);

class RuleCounters {
public:
    static Result<RuleCounters> open(const std::filesystem::path &bpffs);
    [[nodiscard]] Result<tg_counter> read(std::uint32_t id) const;
    // A packet counted at the very moment may be lost or survive; it is never counted elsewhere.
    Result<void> zero(std::uint32_t id);
    Result<void> zero(std::span<const std::uint32_t> ids);

private:
    explicit RuleCounters(CounterMap map) : map_(std::move(map)) {}
    CounterMap map_;
};

// All counters of a closed list, by its enum.
template <std::size_t Count> class ListCounters {
public:
    using Values = std::array<tg_counter, Count>;
    static Result<ListCounters> open(const std::filesystem::path &bpffs, const char *name)
    {
        Result<CounterMap> map = open_counters(bpffs, name);
        if (!map) {
            return std::unexpected(map.error());
        }
        return ListCounters(std::move(*map));
    }
    [[nodiscard]] Result<Values> read() const
    {
        Values values = {};
        const Result<void> done = read_counters(map_, values);
        return done ? Result<Values>(values) : std::unexpected(done.error());
    }

private:
    explicit ListCounters(CounterMap map) : map_(std::move(map)) {}
    CounterMap map_;
};

using ReasonCounters = ListCounters<TG_REASON_COUNT>;
using AnswerCounters = ListCounters<TG_ANSWER_COUNT>;
using PieceCounters = ListCounters<TG_PIECE_COUNT>;
using TallyCounters = ListCounters<TG_TALLY_COUNT>;
using Reasons = ReasonCounters::Values;
using Answers = AnswerCounters::Values;
using PieceCounts = PieceCounters::Values;
using Tallies = TallyCounters::Values;

} // namespace tg::maps
