// SPDX-License-Identifier: Apache-2.0
// Every dialogue of tests/dialogues through the kernel's programs: with TC ingress, and with XDP in
// its place.
#include "tests/harness/dialogue_test.h"
#include "tests/harness/root.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

void enter_once()
{
    static const bool entered = [] {
        skip_unless_root("running BPF programs");
        enter_namespace();
        return true;
    }();
    (void)entered;
}

Router &router()
{
    static Router kernel = [] {
        enter_once();
        return Router(make_kernel_datapath());
    }();
    return kernel;
}

Router &native_router()
{
    static Router kernel = [] {
        enter_once();
        return Router(make_native_datapath());
    }();
    return kernel;
}

const bool registered =
    register_dialogues("prog", router) && register_dialogues("native", native_router);

} // namespace
} // namespace tg::test
