// SPDX-License-Identifier: Apache-2.0
// Every case of tests/cases in the kernel's programs: with TC ingress, and with XDP in its place.
#include "tests/harness/case_test.h"
#include "tests/prog/kernel_routers.h"

namespace tg::test {
namespace {

const bool registered =
    register_cases("prog", tc_router, false) && register_cases("native", native_router, false);

} // namespace
} // namespace tg::test
