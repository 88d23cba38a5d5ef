// SPDX-License-Identifier: Apache-2.0
// Every case of tests/cases in the kernel's programs.
#include "tests/harness/case_test.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

Router &router()
{
    static const bool entered = (enter_namespace(), true);
    static Router kernel(make_kernel_datapath());
    (void)entered;
    return kernel;
}

const bool registered = register_cases("prog", router, false);

} // namespace
} // namespace tg::test
