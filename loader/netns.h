// SPDX-License-Identifier: Apache-2.0
// Network namespaces: found by name, entered, told apart. Mounts stay as they are.
#pragma once

#include <cstdint>
#include <string>

#include "control/base/error.h"
#include "control/base/fd.h"

namespace tg::loader {

// "fw" means /run/netns/fw; what has a slash in it is a path. Absolute in both cases.
std::string netns_path(const std::string &name);

Result<void> enter_netns(const std::string &path);
Result<void> enter_netns(const Fd &netns);

// The namespace this process is in.
Result<Fd> current_netns();

// A number no other namespace has until the host is booted again.
Result<std::uint64_t> netns_cookie();

// Error if this process's mounts are private and vanish when it ends, as below `ip netns exec`:
// what it pins would go with them.
Result<void> check_mounts_stay();

} // namespace tg::loader
