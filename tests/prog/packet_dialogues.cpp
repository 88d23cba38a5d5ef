// SPDX-License-Identifier: Apache-2.0
// Every dialogue of tests/dialogues through the kernel's programs: with TC ingress, and with XDP in
// its place.
#include "tests/harness/dialogue_test.h"
#include "tests/prog/kernel_routers.h"

namespace tg::test {
namespace {

const bool registered =
    register_dialogues("prog", tc_router) && register_dialogues("native", native_router);

} // namespace
} // namespace tg::test
