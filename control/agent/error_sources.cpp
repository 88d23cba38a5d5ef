// SPDX-License-Identifier: Apache-2.0
#include "control/agent/error_sources.h"

#include <arpa/inet.h>

namespace tg {

ErrorSources error_sources(const std::vector<SourceAddress> &all, std::uint32_t ifindex)
{
    constexpr std::uint32_t dummy = 0xc0000008;
    ErrorSources chosen = {};
    std::array<bool, TG_FAMILY_COUNT> any = {}, own = {};
    for (const SourceAddress &each : all) {
        const auto family = each.address.is_ipv4() ? TG_FAMILY_IPV4 : TG_FAMILY_IPV6;
        const bool here = each.ifindex == ifindex;
        if (!any[family] || (here && !own[family])) {
            chosen[family] = each.address.raw;
        }
        any[family] = true;
        own[family] = own[family] || here;
    }
    if (!any[TG_FAMILY_IPV4]) {
        chosen[TG_FAMILY_IPV4].words[2] = htonl(0xffff);
        chosen[TG_FAMILY_IPV4].words[3] = htonl(dummy);
    }
    return chosen;
}

} // namespace tg
