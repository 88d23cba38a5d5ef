// SPDX-License-Identifier: Apache-2.0
// Checksums that are not finished or not looked at, hosted.
#include "tests/harness/checksums_test.h"

namespace tg::test {
namespace {

TEST(Checksums, OfLocalSendersNeedNotBeFinished)
{
    Router router(make_hosted_datapath());
    judge_unfinished(router, "new");
}

TEST(Checksums, AreCountedIfNotLookedAt)
{
    Router router(make_hosted_datapath());
    count_unverified(router);
}

} // namespace
} // namespace tg::test
