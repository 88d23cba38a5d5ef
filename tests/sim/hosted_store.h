// SPDX-License-Identifier: Apache-2.0
// The table of a hosted datapath as the agent's aging and views see a table.
#pragma once

#include <algorithm>

#include "control/conntrack/store.h"
#include "tests/harness/router.h"

namespace tg::sim {

class HostedStore final : public ConnectionStore {
public:
    // Both must outlive it. `clock` shows now what the router's ticks show.
    HostedStore(test::Router &router, const Clock &clock)
        : router_(router), clock_(layout_of(router, clock), clock)
    {
    }

    Result<void> read(maps::ConnectionCursor &cursor, std::vector<tg_conn> &slice,
                      const maps::Connections::Wanted &wanted) const override
    {
        slice = router_.datapath().connections();
        std::erase_if(slice, [&](const tg_conn &record) { return wanted && !wanted(record); });
        cursor = {.next = TG_LIMIT_SLAB_RECORDS, .at_end = true};
        return {};
    }
    Result<std::uint64_t> sweep(std::span<const tg_sweep_key> keys) override
    {
        std::uint64_t removed = 0;
        for (std::size_t first = 0; first < keys.size(); first += TG_LIMIT_SWEEP_KEYS) {
            const auto some = std::as_bytes(keys.subspan(
                first, std::min<std::size_t>(TG_LIMIT_SWEEP_KEYS, keys.size() - first)));
            const auto *bytes = reinterpret_cast<const std::uint8_t *>(some.data());
            const test::Skb skb{.frame = {.bytes = {bytes, bytes + some.size()}}};
            removed += static_cast<std::uint64_t>(
                router_.datapath().run(test::Program::sweep, skb).action);
        }
        return removed;
    }
    [[nodiscard]] Result<Timeouts> timeouts() const override
    {
        return router_.timeouts();
    }
    [[nodiscard]] const TickClock &clock() const override
    {
        return clock_;
    }

private:
    static tg_layout layout_of(test::Router &router, const Clock &clock)
    {
        const std::uint64_t second_ns = 1'000'000'000, ticks = router.datapath().ticks_per_second();
        const auto awake = static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(clock.awake()).count());
        return {TG_LAYOUT_MAGIC, TG_LAYOUT_VERSION, static_cast<std::uint32_t>(ticks), 1,
                awake - router.datapath().now() * (second_ns / ticks)};
    }

    test::Router &router_;
    TickClock clock_;
};

} // namespace tg::sim
