// SPDX-License-Identifier: Apache-2.0
// The per-CPU counters, of rules by rule id, of packets by reason and of the answers to them,
// summed over all CPUs.
#pragma once

#include <array>
#include <span>

#include "control/maps/map.h"
#include "tidegate/conn.h"
#include "tidegate/control.h"
#include "tidegate/verdict.h"

namespace tg::maps {

class RuleCounters {
public:
    static Result<RuleCounters> open(const std::filesystem::path &bpffs);
    [[nodiscard]] Result<tg_counter> read(std::uint32_t id) const;
    // A packet counted at the very moment may be lost or survive; it is never counted elsewhere.
    Result<void> zero(std::uint32_t id);
    Result<void> zero(std::span<const std::uint32_t> ids);

private:
    RuleCounters(PinnedMap map, std::size_t cpus) : map_(std::move(map)), cpus_(cpus) {}
    PinnedMap map_;
    std::size_t cpus_;
};

using Reasons = std::array<tg_counter, TG_REASON_COUNT>;

class ReasonCounters {
public:
    static Result<ReasonCounters> open(const std::filesystem::path &bpffs);
    // By enum tg_reason.
    [[nodiscard]] Result<Reasons> read() const;

private:
    ReasonCounters(PinnedMap map, std::size_t cpus) : map_(std::move(map)), cpus_(cpus) {}
    PinnedMap map_;
    std::size_t cpus_;
};

using Answers = std::array<tg_counter, TG_ANSWER_COUNT>;

class AnswerCounters {
public:
    static Result<AnswerCounters> open(const std::filesystem::path &bpffs);
    // By enum tg_answer.
    [[nodiscard]] Result<Answers> read() const;

private:
    AnswerCounters(PinnedMap map, std::size_t cpus) : map_(std::move(map)), cpus_(cpus) {}
    PinnedMap map_;
    std::size_t cpus_;
};

} // namespace tg::maps
