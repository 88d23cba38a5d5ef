// SPDX-License-Identifier: Apache-2.0
#include "loader/pickup.h"

#include <tuple>

#include <bpf/bpf.h>

#include "control/base/clock.h"
#include "control/maps/tick_clock.h"
#include "loader/load.h"
#include "loader/system.h"

namespace tg::loader {
namespace {

Result<void> write(const Instance &instance, const tg_layout &layout)
{
    const Result<Fd> map = pinned_map(instance, "tg_layout");
    if (!map) {
        return std::unexpected(map.error());
    }
    const __u32 zero = 0;
    if (bpf_map_update_elem(map->get(), &zero, &layout, BPF_ANY) != 0) {
        return failed("write the layout record", errno);
    }
    return {};
}

} // namespace

Result<void> start_pickup(const Instance &instance, unsigned seconds)
{
    Result<tg_layout> layout = read_layout(instance);
    if (!layout) {
        return std::unexpected(layout.error());
    }
    layout->pickup_until =
        TickClock(*layout, host_clock()).now() + std::uint64_t{seconds} * layout->ticks_per_second;
    return write(instance, *layout);
}

void undo_pickup(const Instance &instance, const tg_layout &before)
{
    // The error that led here is the one to tell.
    std::ignore = write(instance, before);
}

std::uint64_t pickup_left(const tg_layout &layout)
{
    const std::uint64_t now = TickClock(layout, host_clock()).now();
    if (layout.pickup_until <= now || layout.ticks_per_second == 0) {
        return 0;
    }
    return (layout.pickup_until - now + layout.ticks_per_second - 1) / layout.ticks_per_second;
}

} // namespace tg::loader
