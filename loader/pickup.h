// SPDX-License-Identifier: Apache-2.0
// attach --pickup: for a while TCP connections are joined in their middle. The deadline is in the
// layout record; the datapath looks at it, and nobody has to end it.
#pragma once

#include <cstdint>

#include "control/base/error.h"
#include "control/base/instance.h"
#include "tidegate/control.h"

namespace tg::loader {

// From now on for so many seconds. Only the deadline changes in the record, in one aligned word, so
// a packet sees the one before or this one.
Result<void> start_pickup(const Instance &instance, unsigned seconds);

// As it was before; what could not be attached joins nothing.
void undo_pickup(const Instance &instance, const tg_layout &before);

// Seconds left; 0: it is over, or never was.
std::uint64_t pickup_left(const tg_layout &layout);

} // namespace tg::loader
