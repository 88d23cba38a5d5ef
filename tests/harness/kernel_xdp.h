// SPDX-License-Identifier: Apache-2.0
// What XDP has said of a packet in a test run, in TC's words.
#pragma once

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <optional>
#include <stdexcept>

#include "tests/harness/datapath.h"
#include "tidegate/handover.h"

namespace tg::test {

// Ends a run that XDP ends, or takes the word to TC, `meta` bytes before the frame, off a packet it
// passes; nobody else has one.
inline std::optional<tg_handover> read_xdp(int action, std::uint32_t meta, Ran &ran)
{
    std::optional<tg_handover> word;
    if (action == XDP_PASS) {
        if (meta != sizeof *word) {
            throw std::runtime_error("XDP passed a packet without metadata");
        }
        std::memcpy(&word.emplace(), ran.frame.data(), sizeof *word);
    } else if (action != XDP_DROP && (action != XDP_REDIRECT || meta != 0)) {
        throw std::runtime_error("XDP ended with action " + std::to_string(action));
    }
    ran.frame.erase(ran.frame.begin(), ran.frame.begin() + meta);
    ran.by_xdp = action == XDP_REDIRECT;
    ran.action = ran.by_xdp ? TC_ACT_REDIRECT : TC_ACT_SHOT;
    return word;
}

} // namespace tg::test
