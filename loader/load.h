// SPDX-License-Identifier: Apache-2.0
// Loads the datapath of an instance once and finds it again: maps and programs pinned, the layout
// record written and checked. Attaches nothing. What is needed by some ways to attach only is
// loaded when it is asked for.
#pragma once

#include "control/base/error.h"
#include "control/base/fd.h"
#include "control/base/instance.h"
#include "tidegate/control.h"

struct bpf_map_info;

namespace tg::loader {

enum class LoadState {
    absent,   // no bpffs, or nothing in it
    partial,  // a loader died on the way
    complete, // every program that is always needed is pinned and the layout can be read
};

// Error: what is there was made by another build and cannot be used.
Result<LoadState> load_state(const Instance &instance);

// Makes the state complete. What is pinned and fits is used again: connections, rules and counters
// stay. After an error nothing is there that was not before.
Result<void> load(const Instance &instance);

// The layout record's verdict, without the kernel.
Result<void> check_layout(const tg_layout &layout, const Instance &instance);
Result<tg_layout> read_layout(const Instance &instance);

// Opens what is pinned under this name; a program that is loaded on demand is, if it was not yet.
Result<Fd> pinned_program(const Instance &instance, const char *name);
Result<Fd> pinned_map(const Instance &instance, const char *name);

} // namespace tg::loader
