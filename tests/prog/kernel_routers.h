// SPDX-License-Identifier: Apache-2.0
// The router of the harness with the kernel's programs, one for each hook they may run in.
#pragma once

#include "tests/harness/root.h"
#include "tests/harness/router.h"
#include "tests/harness/topology.h"

namespace tg::test {

inline void enter_namespace_once()
{
    static const bool entered = [] {
        skip_unless_root("running BPF programs");
        enter_namespace();
        return true;
    }();
    (void)entered;
}

// With TC ingress.
inline Router &tc_router()
{
    static Router kernel = [] {
        enter_namespace_once();
        return Router(make_kernel_datapath());
    }();
    return kernel;
}

// With XDP in its place.
inline Router &native_router()
{
    static Router kernel = [] {
        enter_namespace_once();
        return Router(make_native_datapath());
    }();
    return kernel;
}

} // namespace tg::test
