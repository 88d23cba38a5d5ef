// SPDX-License-Identifier: Apache-2.0
// Every case of tests/cases in the kernel's programs.
#include "tests/harness/case_test.h"
#include "tests/harness/root.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

Router &router()
{
    static Router kernel = [] {
        skip_unless_root("running BPF programs");
        enter_namespace();
        return Router(make_kernel_datapath());
    }();
    return kernel;
}

const bool registered = register_cases("prog", router, false);

} // namespace
} // namespace tg::test
