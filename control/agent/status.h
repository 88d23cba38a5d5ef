// SPDX-License-Identifier: Apache-2.0
// The state of a datapath, read from its pinned maps: needs no running agent.
#pragma once

#include <nlohmann/json.hpp>

#include "control/base/clock.h"
#include "control/base/error.h"
#include "control/maps/instance.h"

namespace tg {

// Members: armed, bank, revision, tracking, connections, max-connections, reserve, heartbeat-age
// (seconds; null: no agent has ever run), reasons (reason, meaning, verdict, packets, bytes).
Result<nlohmann::json> datapath_status(const maps::Instance &maps, const Clock &clock);

} // namespace tg
