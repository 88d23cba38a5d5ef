// SPDX-License-Identifier: Apache-2.0
// Finds out by trying whether an interface sends frames that XDP redirects to it: drivers differ,
// and a veth does so only while its other end is ready, which cannot be seen from here.
#pragma once

#include <cstdint>
#include <string>

#include "control/base/error.h"

namespace tg::loader {

struct RedirectAbility {
    std::uint16_t takes = 0; // TG_TARGET_*
    std::string why;
};

// Sends a few frames of no protocol to nobody; of many buffers it asks the kernel only. In the
// interface's namespace.
RedirectAbility probe_redirect(std::uint32_t ifindex);

} // namespace tg::loader
