// SPDX-License-Identifier: Apache-2.0
// What must be there before anything is touched; every answer names its remedy.
#pragma once

#include "control/base/error.h"

namespace tg::loader {

// Enough privileges to look at pins.
Result<void> check_privileges();

// Privileges, BTF, bpffs: what loading and attaching need of the kernel.
Result<void> check_kernel();

// BPF memory counted against RLIMIT_MEMLOCK before Linux 5.11. A container may be forbidden to
// raise it, which does no harm on newer kernels: no error.
void raise_memory_limit();

} // namespace tg::loader
