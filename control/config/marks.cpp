// SPDX-License-Identifier: Apache-2.0
#include "control/config/marks.h"

#include <algorithm>

namespace tg {

std::optional<std::uint32_t> Marks::number(std::string_view name) const
{
    if (name == no_mark) {
        return 0;
    }
    const auto found = numbers_.find(name);
    return found == numbers_.end() ? std::nullopt : std::optional{found->second};
}

std::string Marks::name(std::uint32_t number) const
{
    const auto found = names_.find(number);
    return found == names_.end() ? std::string() : found->second;
}

void Marks::add(std::string_view name)
{
    if (!number(name)) {
        restore(name, next_);
    }
}

bool Marks::restore(std::string_view name, std::uint32_t number)
{
    if (number == 0 || names_.contains(number) || this->number(name)) {
        return false;
    }
    numbers_.emplace(name, number);
    names_.emplace(number, name);
    skip_to(number + 1);
    return true;
}

void Marks::remove(std::string_view name)
{
    const auto found = numbers_.find(name);
    if (found != numbers_.end()) {
        names_.erase(found->second);
        numbers_.erase(found);
    }
}

void Marks::skip_to(std::uint32_t next)
{
    next_ = std::max(next_, next);
}

} // namespace tg
