// SPDX-License-Identifier: Apache-2.0
// Checksums that are not finished or not looked at, in the kernel.
#include "tests/harness/checksums_test.h"
#include "tests/prog/kernel_routers.h"

namespace tg::test {
namespace {

TEST(Checksums, OfLocalSendersNeedNotBeFinished)
{
    judge_unfinished(tc_router(), "new");
}

TEST(Checksums, OfDriversFramesAreFinished)
{
    judge_unfinished(native_router(), "invalid");
}

TEST(Checksums, AreCountedIfNotLookedAt)
{
    count_unverified(tc_router());
    count_unverified(native_router());
}

} // namespace
} // namespace tg::test
