// SPDX-License-Identifier: Apache-2.0
#include "loader/link_status.h"

#include <array>

#include "loader/attach_tc.h"
#include "loader/attach_xdp.h"
#include "loader/redirect_watch.h"

namespace tg::loader {

std::string_view to_string(LinkState state)
{
    constexpr std::array<std::string_view, 4> names = {"attached", "gone", "broken", "unreachable"};
    return names[static_cast<std::size_t>(state)];
}

LinkStatus link_status(const Instance &instance, const AttachedInterface &interface,
                       bool in_namespace)
{
    LinkStatus status = tc_status(instance, interface, in_namespace);
    if (interface.mode == TG_MODE_TC) {
        return status;
    }
    const XdpStatus xdp = xdp_status(instance, interface.ifindex);
    status.xdp_program = xdp.program;
    const bool unheard = interface.xdp_target != 0 && !redirect_watched(instance);
    if (status.state == LinkState::attached && (!xdp.found || unheard)) {
        status.state = LinkState::broken;
    } else if (status.state == LinkState::attached && xdp.ifindex == 0) {
        status.state = LinkState::gone;
    }
    return status;
}

} // namespace tg::loader
