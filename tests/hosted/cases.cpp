// SPDX-License-Identifier: Apache-2.0
// Every case of tests/cases in the hosted datapath.
#include "tests/harness/case_test.h"

namespace tg::test {
namespace {

Router &router()
{
    static Router hosted(make_hosted_datapath());
    return hosted;
}

const bool registered = register_cases("hosted", router, true);

} // namespace
} // namespace tg::test
