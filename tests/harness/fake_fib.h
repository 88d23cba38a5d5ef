// SPDX-License-Identifier: Apache-2.0
// The kernel's answer to bpf_fib_lookup, computed from the topology's tables.
#pragma once

#include <cstdint>
#include <linux/bpf.h>

namespace tg::test {

// As the helper: a BPF_FIB_LKUP_RET_* or a negative errno. `frame_length` is that of the packet at
// hand with its link header, used where params->tot_len is 0; 0: not to be checked (GSO).
long fake_fib_lookup(bpf_fib_lookup &params, std::uint32_t flags, std::uint32_t frame_length);

} // namespace tg::test
