// SPDX-License-Identifier: Apache-2.0
// Everything an instance has pinned, opened at once; fails as a whole.
#pragma once

#include "control/maps/banks.h"
#include "control/maps/connections.h"
#include "control/maps/counters.h"
#include "control/maps/records.h"
#include "control/maps/table_memory.h"

namespace tg::maps {

struct Instance {
    tg_layout layout;
    Control control;
    Table table;
    TableMemory table_memory;
    Banks banks;
    RuleCounters rule_counters;
    ReasonCounters reason_counters;
    AnswerCounters answer_counters;
    PieceCounters piece_counters;
    TallyCounters tally_counters;
    Connections connections;
    SweepProgram sweep;
    Attached attached;
    Devices devices;
    Vlans vlans;
    Addresses addresses;

    // `bpffs` is the instance's mount, /run/tidegate/<instance>/bpf.
    static Result<Instance> open(const std::filesystem::path &bpffs);
};

} // namespace tg::maps
