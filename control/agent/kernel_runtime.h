// SPDX-License-Identifier: Apache-2.0
// Counters and connections of the pinned maps, for reading from any thread.
#pragma once

#include "control/config/runtime.h"
#include "control/conntrack/store.h"
#include "control/maps/instance.h"

namespace tg {

class KernelRuntime final : public Runtime {
public:
    // Both must outlive it.
    KernelRuntime(maps::Instance &maps, ConnectionStore &store) : maps_(maps), store_(store) {}

    [[nodiscard]] tg_counter rule_counter(std::uint32_t counter) const override;
    void reset_rule_counter(std::uint32_t counter) override;
    Result<void> connections(Family family,
                             const std::function<bool(const Connection &)> &visit) const override;
    [[nodiscard]] Result<std::uint64_t> count_connections(Family family) const override;
    Result<std::uint64_t>
    remove_connections(const std::vector<ConnectionName> &connections) override;

private:
    maps::Instance &maps_;
    ConnectionStore &store_;
};

} // namespace tg
