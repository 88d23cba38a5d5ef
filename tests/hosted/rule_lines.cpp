// SPDX-License-Identifier: Apache-2.0
// How many lines rules may write, hosted.
#include "tests/harness/log_ring.h"

namespace tg::test {
namespace {

TEST(RuleLines, AreLimitedForEachRule)
{
    Router router(make_hosted_datapath());
    limit_lines_of_a_rule(router);
}

TEST(RuleLines, AreLimitedForAllRules)
{
    Router router(make_hosted_datapath());
    limit_lines_of_all_rules(router);
}

TEST(RuleLines, AreLostWhenThereIsNoRoom)
{
    Router router(make_hosted_datapath());
    fill_log(router);
}

} // namespace
} // namespace tg::test
