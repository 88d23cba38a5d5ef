// SPDX-License-Identifier: Apache-2.0
// Ports by chance, in the kernel.
#include "tests/harness/ports_test.h"
#include "tests/prog/kernel_routers.h"

namespace tg::test {
namespace {

TEST(Ports, AreByChanceWhereNobodyShallForetellThem)
{
    judge_ports_by_chance(tc_router());
    judge_ports_by_chance(native_router());
}

} // namespace
} // namespace tg::test
