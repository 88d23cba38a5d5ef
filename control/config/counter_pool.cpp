// SPDX-License-Identifier: Apache-2.0
#include "control/config/counter_pool.h"

#include <algorithm>

#include "control/config/menu.h"
#include "tidegate/limits.h"

namespace tg {

std::optional<std::uint32_t> CounterPool::take(const Config &config)
{
    if (taken_.empty()) {
        taken_.resize(TG_LIMIT_RULES);
        const auto mark = [this](std::uint32_t counter) {
            if (counter < taken_.size()) {
                taken_[counter] = true;
            }
        };
        for (const Menu &menu : all_menus()) {
            if (menu.kind == MenuKind::rules) {
                std::ranges::for_each(config.items(menu.path), mark, &Item::counter);
            }
        }
        std::ranges::for_each(config.cooling, mark);
    }
    while (next_ < taken_.size() && taken_[next_]) {
        ++next_;
    }
    if (next_ == taken_.size()) {
        return std::nullopt;
    }
    taken_[next_] = true;
    return static_cast<std::uint32_t>(next_);
}

} // namespace tg
