// SPDX-License-Identifier: Apache-2.0
// The state of a datapath, read from its pinned maps: needs no running agent.
#pragma once

#include <nlohmann/json.hpp>

#include "control/base/clock.h"
#include "control/base/error.h"
#include "control/maps/instance.h"

namespace tg {

// What holds before the first commit.
tg_bank_header unarmed_header();

// Members: armed, bank, revision, tracking, connections, max-connections, reserve,
// early-drops (connections that gave way to new ones), table-bytes, table-moving, heartbeat-age
// (seconds; null: no agent has ever run), icmp-errors (packets by what became of their answer),
// early-fragments (packets that came before their datagram's first one, by what became of them),
// tallies (packets by enum tg_tally), reasons (reason, meaning, verdict, packets, bytes).
Result<nlohmann::json> datapath_status(const maps::Instance &maps, const Clock &clock);

} // namespace tg
