// SPDX-License-Identifier: Apache-2.0
// Changes to a configuration: what add, set, remove and the like do to it.
#pragma once

#include "control/config/config.h"

namespace tg {

// `after` with `cooling` as it must be if `after` takes the place of `before`: the counters that
// rules of `before` use and rules of `after` do not.
Config settle(const Config &before, Config after);

} // namespace tg
