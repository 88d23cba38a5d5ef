// SPDX-License-Identifier: Apache-2.0
// Every case of tests/cases in the kernel's programs: with TC ingress, and with XDP in its place.
#include "tests/harness/case_test.h"
#include "tests/harness/root.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

void enter_once()
{
    static const bool entered = [] {
        skip_unless_root("running BPF programs");
        enter_namespace();
        return true;
    }();
    (void)entered;
}

Router &router()
{
    static Router kernel = [] {
        enter_once();
        return Router(make_kernel_datapath());
    }();
    return kernel;
}

Router &native_router()
{
    static Router kernel = [] {
        enter_once();
        return Router(make_native_datapath());
    }();
    return kernel;
}

const bool registered =
    register_cases("prog", router, false) && register_cases("native", native_router, false);

} // namespace
} // namespace tg::test
