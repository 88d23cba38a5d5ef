// SPDX-License-Identifier: Apache-2.0
// Every dialogue of tests/dialogues through the hosted datapath.
#include "tests/harness/dialogue_test.h"

namespace tg::test {
namespace {

Router &router()
{
    static Router hosted(make_hosted_datapath());
    return hosted;
}

const bool registered = register_dialogues("hosted", router);

} // namespace
} // namespace tg::test
