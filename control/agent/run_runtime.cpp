// SPDX-License-Identifier: Apache-2.0
#include "control/agent/run_runtime.h"

namespace tg {
namespace {

// What a run hears: nothing more once it is given up.
class RunStream final : public EventStream {
public:
    RunStream(std::unique_ptr<EventStream> real, std::function<bool()> given_up)
        : real_(std::move(real)), given_up_(std::move(given_up))
    {
    }
    std::optional<Told> next(Duration patience) override
    {
        return real_->next(patience);
    }
    [[nodiscard]] bool ended() const override
    {
        return real_->ended() || given_up_();
    }

private:
    std::unique_ptr<EventStream> real_;
    std::function<bool()> given_up_;
};

} // namespace

void RunRuntime::know_counters_of(const Config &in_force)
{
    known_.emplace();
    for (const auto &[menu, items] : in_force.menus) {
        for (const Item &item : items) {
            known_->insert(item.counter);
        }
    }
}

tg_counter RunRuntime::rule_counter(std::uint32_t counter) const
{
    if (reset_.contains(counter) || (known_ && !known_->contains(counter))) {
        return {};
    }
    return real_.rule_counter(counter);
}

void RunRuntime::reset_rule_counter(std::uint32_t counter)
{
    reset_.insert(counter);
}

Result<void> RunRuntime::connections(Family family,
                                     const std::function<bool(const Connection &)> &visit) const
{
    return real_.connections(family, [&](const Connection &connection) {
        if (given_up_()) {
            return false;
        }
        return (!removed_.empty() && removed_.contains(name_of(connection.record))) ||
               visit(connection);
    });
}

// What this run has removed is in the table until it ends.
Result<std::uint64_t> RunRuntime::count_connections(Family family) const
{
    return removed_.empty() ? real_.count_connections(family) : Runtime::count_connections(family);
}

Result<std::uint64_t> RunRuntime::remove_connections(const std::vector<ConnectionName> &connections)
{
    const std::size_t before = removed_.size();
    removed_.insert(connections.begin(), connections.end());
    return removed_.size() - before;
}

void RunRuntime::allow_follow(Follow follow, std::function<bool()> unwanted)
{
    follow_ = std::move(follow);
    unwanted_ = std::move(unwanted);
}

Result<std::unique_ptr<EventStream>> RunRuntime::follow()
{
    if (!follow_) {
        return fail("follow is only possible in the last command of a run that changes nothing");
    }
    Result<std::unique_ptr<EventStream>> real = follow_();
    if (!real) {
        return real;
    }
    return std::make_unique<RunStream>(std::move(*real), unwanted_);
}

} // namespace tg
