// SPDX-License-Identifier: Apache-2.0
// The XDP program of one interface, in its driver or in the generic hook: linked, found and taken
// away again. Knows no record and no lock.
#pragma once

#include "control/base/error.h"
#include "control/base/instance.h"
#include "loader/record.h"

namespace tg::loader {

// Attaches as interface.mode says: in the driver, with frames of many buffers where it takes them,
// or in the generic hook. Says in interface.frames which it takes. Must run in the interface's
// namespace.
Result<void> attach_xdp(const Instance &instance, AttachedInterface &interface);

// No error if there is none.
void detach_xdp(const Instance &instance, std::uint32_t ifindex);

struct XdpStatus {
    bool found = false;
    std::uint32_t program = 0;
    std::uint32_t ifindex = 0; // 0: the interface is gone
};
XdpStatus xdp_status(const Instance &instance, std::uint32_t ifindex);

} // namespace tg::loader
