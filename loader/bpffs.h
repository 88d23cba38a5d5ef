// SPDX-License-Identifier: Apache-2.0
// The instance's own bpffs: mounted, recognised, emptied and unmounted. Knows no pin by name but
// its three folders.
#pragma once

#include "control/base/error.h"
#include "control/base/instance.h"

namespace tg::loader {

bool bpffs_mounted(const Instance &instance);

// Mounts it, unless it is, and makes the folders of pins. It must lie outside /sys, which other
// mount namespaces replace.
Result<void> mount_bpffs(const Instance &instance);

// Removes every pin and the mount. No error if there is none.
Result<void> remove_bpffs(const Instance &instance);

} // namespace tg::loader
