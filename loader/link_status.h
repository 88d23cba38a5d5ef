// SPDX-License-Identifier: Apache-2.0
// Whether what was attached to an interface is still there.
#pragma once

#include <cstdint>
#include <string_view>

#include "control/base/instance.h"
#include "loader/record.h"

namespace tg::loader {

enum class LinkState {
    attached,
    gone,        // the interface or its namespace is no more
    broken,      // somebody took away a part of it
    unreachable, // a filter in a namespace that cannot be entered
};
std::string_view to_string(LinkState state);

struct LinkStatus {
    LinkState state = LinkState::gone;
    std::uint32_t ingress_program = 0; // ids; 0: none
    std::uint32_t egress_program = 0;
    std::uint32_t xdp_program = 0;
};

// Of the tc programs and, where the mode has one, of the XDP program. `in_namespace`: this process
// is in the interface's namespace.
LinkStatus link_status(const Instance &instance, const AttachedInterface &interface,
                       bool in_namespace);

} // namespace tg::loader
