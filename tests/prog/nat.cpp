// SPDX-License-Identifier: Apache-2.0
// Translation beyond cases, in the kernel.
#include "tests/harness/nat_test.h"
#include "tests/prog/kernel_routers.h"

namespace tg::test {
namespace {

TEST(Nat, PortsAreByChanceWhereNobodyShallForetellThem)
{
    judge_ports_by_chance(tc_router());
    judge_ports_by_chance(native_router());
}

TEST(Nat, FindsTheLastPortsOfMany)
{
    judge_the_last_ports(tc_router());
    judge_the_last_ports(native_router());
}

TEST(Nat, SaysWhoIsMasqueraded)
{
    judge_who_masquerades(tc_router());
    judge_who_masquerades(native_router());
}

} // namespace
} // namespace tg::test
