// SPDX-License-Identifier: Apache-2.0
// The ring of events at its edge, hosted.
#include "tests/harness/event_ring.h"

namespace tg::test {
namespace {

TEST(Events, AreLostWhenThereIsNoRoom)
{
    Router router(make_hosted_datapath());
    fill_events(router);
}

TEST(Events, AreForThoseWhoListen)
{
    Router router(make_hosted_datapath());
    do_not_listen(router);
}

} // namespace
} // namespace tg::test
