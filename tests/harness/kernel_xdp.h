// SPDX-License-Identifier: Apache-2.0
// What XDP has said of a packet in a test run, in TC's words.
#pragma once

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdexcept>

#include "bpf/core/reason.h"
#include "tests/harness/datapath.h"
#include "tidegate/handover.h"

namespace tg::test {

// A passed packet must carry its metadata, `meta` bytes, and nobody else one.
inline void read_xdp(int action, std::uint32_t meta, Ran &ran)
{
    if (action != XDP_PASS) {
        ran.by_xdp = action == XDP_REDIRECT;
        ran.action = ran.by_xdp ? TC_ACT_REDIRECT : TC_ACT_SHOT;
        ran.frame.erase(ran.frame.begin(), ran.frame.begin() + meta);
        if (action != XDP_DROP && (action != XDP_REDIRECT || meta != 0)) {
            throw std::runtime_error("XDP ended with action " + std::to_string(action));
        }
        return;
    }
    tg_handover said{};
    if (meta != sizeof said) {
        throw std::runtime_error("XDP passed a packet without metadata");
    }
    std::memcpy(&said, ran.frame.data(), sizeof said);
    ran.frame.erase(ran.frame.begin(), ran.frame.begin() + meta);
    if (said.magic != TG_HANDOVER_MAGIC || said.instance != 1) {
        throw std::runtime_error("XDP's metadata is not its own");
    }
    ran.handed =
        said.reason == TG_REASON_FORWARD || tg_reason_verdict(said.reason) == TG_VERDICT_ANSWER;
    ran.action = ran.handed ? TC_ACT_REDIRECT : TC_ACT_UNSPEC;
}

} // namespace tg::test
