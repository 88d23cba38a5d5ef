// SPDX-License-Identifier: Apache-2.0
// The properties of all rule tables, in the order of a listing. What they mean together is judged
// in menu_rules.cpp.
#pragma once

#include <span>

#include "control/config/property.h"

namespace tg {

std::span<const Property> rule_rows();

} // namespace tg
