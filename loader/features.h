// SPDX-License-Identifier: Apache-2.0
// Features of a driver by the names ethtool has for them: which are on, and switching them.
#pragma once

#include <string>
#include <vector>

#include "control/base/error.h"

namespace tg::loader {

struct Feature {
    std::string name;
    bool changeable = false;
};

// Those that are on and take VLAN tags off received frames. XDP is not told of such a tag.
std::vector<Feature> tag_stripping(const std::string &interface);

// All of them, and checks that the driver has done so.
Result<void> switch_features(const std::string &interface, const std::vector<std::string> &names,
                             bool on);

} // namespace tg::loader
