// SPDX-License-Identifier: Apache-2.0
// The tc programs of one interface: linked by tcx where the kernel has it, else as filters below
// clsact; found and taken away again. Knows no record and no lock.
#pragma once

#include <optional>

#include "control/base/error.h"
#include "control/base/instance.h"
#include "loader/link_status.h"
#include "loader/record.h"

namespace tg::loader {

// What --tc-link asks for; nullopt: tcx, and clsact where the kernel has no tcx.
using LinkWish = std::optional<Link>;

// Attaches both programs and says how in `interface`, or leaves nothing attached. Must run in the
// interface's namespace.
Result<void> attach_tc(const Instance &instance, AttachedInterface &interface, LinkWish wish);

// Takes away what is there of it: links, filters, and the qdisc if it is ours. `in_namespace`:
// this process is in the interface's namespace; a filter cannot be reached from anywhere else.
Result<void> detach_tc(const Instance &instance, const AttachedInterface &interface,
                       bool in_namespace);

// Of the tc programs alone.
LinkStatus tc_status(const Instance &instance, const AttachedInterface &interface,
                     bool in_namespace);

} // namespace tg::loader
