// SPDX-License-Identifier: Apache-2.0
#include "control/agent/run_runtime.h"

namespace tg {
namespace {

// Which connection, in which life: its tuple and its generation.
std::string identity(const tg_conn &record)
{
    const std::uint32_t generation = tg_word_generation(record.word);
    std::string bytes(reinterpret_cast<const char *>(&record.original), sizeof record.original);
    bytes.append(reinterpret_cast<const char *>(&generation), sizeof generation);
    return bytes;
}

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
        const bool gone = !gone_.empty() && gone_.contains(identity(connection.record));
        return gone || visit(connection);
    });
}

// What this run has removed is in the table until it ends.
Result<std::uint64_t> RunRuntime::count_connections(Family family) const
{
    return removed_.empty() ? real_.count_connections(family) : Runtime::count_connections(family);
}

Result<std::uint64_t> RunRuntime::remove_connections(const std::vector<tg_conn> &records)
{
    std::uint64_t count = 0;
    for (const tg_conn &record : records) {
        if (gone_.insert(identity(record)).second) {
            removed_.push_back(record);
            count++;
        }
    }
    return count;
}

} // namespace tg
