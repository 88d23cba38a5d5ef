// SPDX-License-Identifier: Apache-2.0
// Translation beyond cases, hosted.
#include "tests/harness/nat_test.h"

namespace tg::test {
namespace {

TEST(Nat, PortsAreByChanceWhereNobodyShallForetellThem)
{
    Router router(make_hosted_datapath());
    judge_ports_by_chance(router);
}

TEST(Nat, FindsTheLastPortsOfMany)
{
    Router router(make_hosted_datapath());
    judge_the_last_ports(router);
}

TEST(Nat, SaysWhoIsMasqueraded)
{
    Router router(make_hosted_datapath());
    judge_who_masquerades(router);
}

} // namespace
} // namespace tg::test
