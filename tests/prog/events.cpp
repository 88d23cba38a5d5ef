// SPDX-License-Identifier: Apache-2.0
// The ring of events at its edge, in the kernel.
#include "tests/harness/event_ring.h"
#include "tests/harness/root.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

class Events : public testing::Test {
protected:
    static void SetUpTestSuite()
    {
        skip_unless_root("running BPF programs");
        enter_namespace();
    }
};

TEST_F(Events, AreLostWhenThereIsNoRoom)
{
    Router router(make_kernel_datapath());
    fill_events(router);
}

TEST_F(Events, AreForThoseWhoListen)
{
    Router router(make_kernel_datapath());
    do_not_listen(router);
}

} // namespace
} // namespace tg::test
