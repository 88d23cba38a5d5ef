// SPDX-License-Identifier: Apache-2.0
// Ports by chance, hosted.
#include "tests/harness/ports_test.h"

namespace tg::test {
namespace {

TEST(Ports, AreByChanceWhereNobodyShallForetellThem)
{
    Router router(make_hosted_datapath());
    judge_ports_by_chance(router);
}

} // namespace
} // namespace tg::test
