// SPDX-License-Identifier: Apache-2.0
// How many lines rules may write, in the kernel.
#include "tests/harness/log_ring.h"
#include "tests/harness/root.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

class RuleLines : public testing::Test {
protected:
    static void SetUpTestSuite()
    {
        skip_unless_root("running BPF programs");
        enter_namespace();
    }
};

TEST_F(RuleLines, AreLimitedForEachRule)
{
    Router router(make_kernel_datapath());
    limit_lines_of_a_rule(router);
}

TEST_F(RuleLines, AreLimitedForAllRules)
{
    Router router(make_kernel_datapath());
    limit_lines_of_all_rules(router);
}

TEST_F(RuleLines, AreLostWhenThereIsNoRoom)
{
    Router router(make_kernel_datapath());
    fill_log(router);
}

} // namespace
} // namespace tg::test
