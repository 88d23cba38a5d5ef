// SPDX-License-Identifier: Apache-2.0
// What XDP has said of a packet in a test run, in TC's words.
#pragma once

#include <bpf/bpf.h>
#include <cerrno>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <optional>
#include <stdexcept>

#include "tests/harness/datapath.h"
#include "tests/harness/kernel_clock.h"
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

// One run of a program of XDP, ended as read_xdp says.
inline std::optional<tg_handover> run_xdp(int program, const Skb &skb, Ran &ran)
{
    const auto size = static_cast<std::uint32_t>(skb.frame.bytes.size());
    xdp_md context{.data_end = size, .ingress_ifindex = skb.ifindex};
    ran.frame.resize(skb.frame.bytes.size() + 256);
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = skb.frame.bytes.data(),
                .data_out = ran.frame.data(), .data_size_in = size,
                .data_size_out = static_cast<std::uint32_t>(ran.frame.size()), .ctx_in = &context,
                .ctx_out = &context, .ctx_size_in = sizeof context, .ctx_size_out = sizeof context,
                .repeat = 1);
    const int error = bpf_prog_test_run_opts(program, &options);
    ran.refused = error == -EINVAL;
    if (ran.refused) {
        return std::nullopt;
    }
    if (error != 0) {
        refuse("test run of XDP");
    }
    ran.frame.resize(options.data_size_out);
    return read_xdp(static_cast<int>(options.retval), context.data, ran);
}

} // namespace tg::test
