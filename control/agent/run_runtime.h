// SPDX-License-Identifier: Apache-2.0
// The datapath as one run of commands sees it: what the run removes or resets is gone for the run
// at once, and for everybody else when it is committed.
#pragma once

#include <functional>
#include <optional>
#include <set>

#include "control/config/config.h"
#include "control/config/runtime.h"

namespace tg {

class RunRuntime final : public Runtime {
public:
    // `real` must outlive it. Reading connections ends early once `given_up` is true.
    RunRuntime(const Runtime &real, std::function<bool()> given_up)
        : real_(real), given_up_(std::move(given_up))
    {
    }
    // From now on counters that no rule of `in_force` has are nothing: what they hold is of rules
    // long gone.
    void know_counters_of(const Config &in_force);

    // From now on this run may follow, until `unwanted` is true.
    using Follow = std::function<Result<std::unique_ptr<EventStream>>()>;
    void allow_follow(Follow follow, std::function<bool()> unwanted);

    [[nodiscard]] tg_counter rule_counter(std::uint32_t counter) const override;
    void reset_rule_counter(std::uint32_t counter) override;
    Result<void> connections(Family family,
                             const std::function<bool(const Connection &)> &visit) const override;
    [[nodiscard]] Result<std::uint64_t> count_connections(Family family) const override;
    Result<std::uint64_t>
    remove_connections(const std::vector<ConnectionName> &connections) override;

    Result<std::unique_ptr<EventStream>> follow() override;

    [[nodiscard]] std::vector<std::uint32_t> reset() const
    {
        return {reset_.begin(), reset_.end()};
    }
    [[nodiscard]] std::vector<ConnectionName> removed() const
    {
        return {removed_.begin(), removed_.end()};
    }

private:
    const Runtime &real_;
    std::function<bool()> given_up_;
    std::optional<std::set<std::uint32_t>> known_;
    std::set<std::uint32_t> reset_;
    std::set<ConnectionName> removed_;
    Follow follow_;
    std::function<bool()> unwanted_;
};

} // namespace tg
