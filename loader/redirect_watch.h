// SPDX-License-Identifier: Apache-2.0
// Listens to what becomes of frames that XDP redirects, for as long as any interface of the
// instance is in native mode; the datapath is told by maps/tg_attached. Knows no interface.
#pragma once

#include "control/base/error.h"
#include "control/base/instance.h"

namespace tg::loader {

// No error if it listens already. In the instance's namespace, with its maps pinned.
Result<void> start_redirect_watch(const Instance &instance);

bool redirect_watched(const Instance &instance);

void stop_redirect_watch(const Instance &instance);

} // namespace tg::loader
